// What the desk keeps in this browser for when the network is away: the day's list, sealed, and what
// was noted since, without names. Both the service worker and the page without the network use it.
const desk = (function () {
  "use strict";

  const NAME = "desk";
  const SHELL = "/desk/offline";

  // Work on some stores. Only what keeps something makes the database: to others one that was
  // deleted holds nothing, and stays deleted.
  function run(stores, work, making) {
    return new Promise(function (resolve, reject) {
      const opening = indexedDB.open(NAME, 1);
      let missing = false;
      opening.onupgradeneeded = function () {
        if (!making) {
          missing = true;
          opening.transaction.abort();
          return;
        }
        opening.result.createObjectStore("kept");
        opening.result.createObjectStore("steps", { keyPath: "number", autoIncrement: true });
        opening.result.createObjectStore("tickets", { keyPath: "id" });
      };
      opening.onerror = function () { missing ? resolve() : reject(opening.error); };
      opening.onsuccess = function () {
        const database = opening.result;
        const all = database.transaction(stores, "readwrite");
        const asked = work(...stores.map(function (name) { return all.objectStore(name); }));
        all.oncomplete = function () { database.close(); resolve(asked && asked.result); };
        all.onabort = function () { database.close(); reject(all.error); };
      };
    });
  }

  function removeDatabase() {
    return new Promise(function (resolve, reject) {
      const deleting = indexedDB.deleteDatabase(NAME);
      deleting.onsuccess = function () { resolve(); };
      deleting.onerror = function () { reject(deleting.error); };
    });
  }

  function get(name) {
    return run(["kept"], function (kept) { return kept.get(name); });
  }

  function set(name, value) {
    return run(["kept"], function (kept) { kept.put(value, name); }, true);
  }

  async function steps() {
    return (await run(["steps"], function (store) { return store.getAll(); })) || [];
  }

  // The key can be used here and never read: what lies on the disk is no list of names.
  async function key() {
    const kept = await get("key");
    if (kept) {
      return kept;
    }
    const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    await set("key", made);
    return made;
  }

  // The day's list, or nothing: never after the office's midnight.
  async function day() {
    const kept = await get("day");
    if (!kept) {
      return null;
    }
    if (Date.now() + kept.ahead > Date.parse(kept.until)) {
      await forget();
      return null;
    }
    const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv: kept.iv }, await key(), kept.sealed);
    return Object.assign(JSON.parse(new TextDecoder().decode(opened)), { ahead: kept.ahead });
  }

  async function keep(list, version) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const tickets = list.tickets;
    const ahead = Date.parse(list.now) - Date.now();
    delete list.tickets;
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await key(), new TextEncoder().encode(JSON.stringify(list)));
    await run(["kept", "tickets"], function (kept, store) {
      kept.put({ iv, sealed, version, ahead, until: list.until }, "day");
      store.clear();
      tickets.forEach(function (ticket) { store.put(ticket); });
    }, true);
  }

  // Names, key and page go; what wasn't sent yet stays, and holds no name.
  async function forget() {
    await run(["kept", "tickets"], function (kept, tickets) {
      ["day", "key", "shell"].forEach(function (name) { kept.delete(name); });
      tickets.clear();
    });
    if (!(await steps()).length && !(await get("leaving"))) {
      await caches.delete(NAME);
      await removeDatabase();
    }
  }

  // Write down a step; a ticket takes a folio, and each folio once.
  async function note(step) {
    const noted = Object.assign({ id: crypto.randomUUID() }, step);
    await run(["steps", "tickets"], function (store, tickets) {
      if (step.step !== "ticket") {
        store.add(noted);
        return;
      }
      const asking = tickets.openCursor();
      asking.onsuccess = function () {
        if (asking.result) {
          Object.assign(noted, { appointment: asking.result.value.id, folio: asking.result.value.folio });
          asking.result.delete();
          store.add(noted);
        }
      };
    }, true);
    return noted;
  }

  function ask(address, options) {
    return fetch(address, Object.assign({ credentials: "same-origin", redirect: "manual", signal: AbortSignal.timeout(15000) }, options));
  }

  function send(address, fields) {
    return ask(address, { method: "POST", body: new URLSearchParams(fields) });
  }

  async function keepPage(version) {
    if ((await get("shell")) === version) {
      return;
    }
    const answer = await ask(SHELL);
    if (answer.ok) {
      const assets = (await answer.clone().text()).match(/\/static\/[^"]+/g);
      await caches.delete(NAME);
      const cache = await caches.open(NAME);
      await cache.addAll(Array.from(new Set(assets)));
      await cache.put(SHELL, answer);
      await set("shell", version);
    }
  }

  // The newest list; nothing when nobody is signed in. Fails without the network.
  async function refresh() {
    const kept = await get("day");
    const answer = await ask(SHELL + "/day", { headers: kept ? { "If-None-Match": kept.version } : {} });
    if (answer.type === "opaqueredirect") {
      await forget();
      return null;
    }
    if (answer.status !== 304) {
      if (!answer.ok) {
        throw new Error(answer.status);
      }
      const list = await answer.json();
      await keep(list, answer.headers.get("ETag"));
      await keepPage(list.shell);
    }
    return day();
  }

  async function deliver(list) {
    const waiting = (await steps()).filter(function (step) { return step.office === list.office; }).slice(0, 100);
    if (!waiting.length) {
      return false;
    }
    const plain = waiting.map(function (step) {
      const sent = Object.assign({}, step);
      delete sent.number;
      delete sent.office;
      return sent;
    });
    const answer = await send(SHELL + "/steps", { csrf_token: list.token, steps: JSON.stringify(plain) });
    if (!answer.ok) {
      throw new Error(answer.status);
    }
    await answer.json();
    await run(["steps"], function (store) {
      waiting.forEach(function (step) { store.delete(step.number); });
    });
    return true;
  }

  // Send what waits, once and in its order, and keep the newest list. False when nobody is signed in.
  async function catchUp() {
    const leaving = await get("leaving");
    let list = await refresh();
    while (list && await deliver(list)) {
      list = await refresh();
    }
    if (leaving) {
      await send("/desk/logout", { csrf_token: leaving });
      await run(["kept"], function (kept) { kept.delete("leaving"); });
      await forget();
    }
    return Boolean(list) && !leaving;
  }

  // One at a time, in whichever tab or worker.
  function alone(work) {
    return navigator.locks.request(NAME, work);
  }

  // Sign out; without the network, as soon as it is back.
  async function signOut(token) {
    const list = await day();
    const known = token || (list && list.token) || "";
    await set("leaving", known);
    try {
      await catchUp();
    } catch (error) {
      await forget();
      return false;
    }
    return true;
  }

  return {
    SHELL, day, steps, note,
    sync: function () { return alone(catchUp); },
    leave: function (token) { return alone(function () { return signOut(token); }); },
    left: function () { return get("leaving"); },
  };
})();
