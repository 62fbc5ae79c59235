// What the desk keeps in this browser for when the network is away: the day's list, sealed, and what
// was noted since, without names. The service worker and the page without the network use it.
const desk = (() => {
  "use strict";

  const NAME = "desk";
  const SHELL = "/desk/offline";

  // Work on some stores. Only what keeps something makes the database: to others one that was
  // deleted holds nothing, and stays deleted.
  function run(stores, work, making) {
    return new Promise((resolve, reject) => {
      const opening = indexedDB.open(NAME, 1);
      let missing = false;
      opening.onupgradeneeded = () => {
        if (!making) {
          missing = true;
          opening.transaction.abort();
          return;
        }
        opening.result.createObjectStore("kept");
        opening.result.createObjectStore("steps", { keyPath: "number", autoIncrement: true });
        opening.result.createObjectStore("tickets", { keyPath: "id" });
      };
      opening.onerror = () => { missing ? resolve() : reject(opening.error); };
      opening.onsuccess = () => {
        const database = opening.result;
        const all = database.transaction(stores, "readwrite");
        const asked = work(...stores.map((name) => all.objectStore(name)));
        all.oncomplete = () => { database.close(); resolve(asked && asked.result); };
        all.onabort = () => { database.close(); reject(all.error); };
      };
    });
  }

  function removeDatabase() {
    return new Promise((resolve, reject) => {
      const deleting = indexedDB.deleteDatabase(NAME);
      deleting.onsuccess = () => { resolve(); };
      deleting.onerror = () => { reject(deleting.error); };
    });
  }

  function get(name) {
    return run(["kept"], (kept) => kept.get(name));
  }

  function set(name, value) {
    return run(["kept"], (kept) => { kept.put(value, name); }, true);
  }

  async function steps() {
    return (await run(["steps"], (store) => store.getAll())) || [];
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

  // Names, key and page go; what wasn't sent yet stays, and holds no name.
  async function forget() {
    await run(["kept", "tickets"], (kept, tickets) => {
      ["day", "key", "shell"].forEach((name) => { kept.delete(name); });
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
    await run(["steps", "tickets"], (store, tickets) => {
      if (step.step !== "ticket") {
        store.add(noted);
        return;
      }
      const asking = tickets.openCursor();
      asking.onsuccess = () => {
        if (asking.result) {
          Object.assign(noted, { appointment: asking.result.value.id, folio: asking.result.value.folio });
          asking.result.delete();
          store.add(noted);
        }
      };
    }, true);
    return noted;
  }

  return { SHELL, run, get, set, key, day, forget, steps, note };
})();
