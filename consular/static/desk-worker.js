// Answers for the desk's pages while the network is away, keeps the day's list and sends what was noted.
// The store stands in front of this.
(() => {
  "use strict";

  const PATIENCE = 10000;
  const EVERY = 60000;
  const NAME = "desk";
  let synced = 0;

  async function keep(list, version) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const { tickets, ...people } = list;
    const ahead = Date.parse(list.now) - Date.now();
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await desk.key(), new TextEncoder().encode(JSON.stringify(people)));
    await desk.run(["kept", "tickets"], (kept, store) => {
      kept.put({ iv, sealed, version, ahead, until: list.until }, "day");
      store.clear();
      tickets.forEach((ticket) => { store.put(ticket); });
    }, true);
  }

  function ask(address, options) {
    return fetch(address, Object.assign({ credentials: "same-origin", redirect: "manual", signal: AbortSignal.timeout(15000) }, options));
  }

  function send(address, fields) {
    return ask(address, { method: "POST", body: new URLSearchParams(fields) });
  }

  async function keepPage(version) {
    if ((await desk.get("shell")) === version) {
      return;
    }
    const answer = await ask(desk.SHELL);
    if (answer.ok) {
      const assets = (await answer.clone().text()).match(/\/static\/[^"]+/g);
      await caches.delete(NAME);
      const cache = await caches.open(NAME);
      await cache.addAll(Array.from(new Set(assets)));
      await cache.put(desk.SHELL, answer);
      await desk.set("shell", version);
    }
  }

  // The newest list; nothing when nobody is signed in. Fails without the network.
  async function refresh() {
    const kept = await desk.get("day");
    const answer = await ask(desk.SHELL + "/day", { headers: kept ? { "If-None-Match": kept.version } : {} });
    if (answer.type === "opaqueredirect") {
      await desk.forget();
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
    return desk.day();
  }

  async function deliver(list) {
    const waiting = (await desk.steps()).filter((step) => step.office === list.office).slice(0, 100);
    if (!waiting.length) {
      return false;
    }
    const plain = waiting.map(({ number, office, ...sent }) => sent);
    const answer = await send(desk.SHELL + "/steps", { csrf_token: list.token, steps: JSON.stringify(plain) });
    if (!answer.ok) {
      throw new Error(answer.status);
    }
    await answer.json();
    await desk.run(["steps"], (store) => {
      waiting.forEach((step) => { store.delete(step.number); });
    });
    return true;
  }

  // Send what waits, once and in its order, and keep the newest list. False when nobody is signed in.
  async function catchUp() {
    const leaving = await desk.get("leaving");
    let list = await refresh();
    while (list && await deliver(list)) {
      list = await refresh();
    }
    if (leaving) {
      await send("/desk/logout", { csrf_token: leaving });
      await desk.run(["kept"], (kept) => { kept.delete("leaving"); });
      await desk.forget();
    }
    return Boolean(list) && !leaving;
  }

  // One at a time, in whichever tab or worker.
  function alone(work) {
    return navigator.locks.request(NAME, work);
  }

  // Sign out; without the network, as soon as it is back.
  async function signOut(token) {
    const list = await desk.day();
    const known = token || (list && list.token) || "";
    await desk.set("leaving", known);
    try {
      await catchUp();
    } catch (error) {
      await desk.forget();
      return false;
    }
    return true;
  }

  function sync() {
    return alone(catchUp);
  }

  function leaveAs(token) {
    return alone(() => signOut(token));
  }

  function keepUp(event, now) {
    if (now || Date.now() - synced > EVERY) {
      synced = Date.now();
      event.waitUntil(sync().catch(() => { synced = 0; }));
    }
  }

  function kept(what) {
    return caches.match(what, { ignoreVary: true });
  }

  // The page as the server answers it; without an answer, the one that is kept.
  async function page(event) {
    const shell = await kept(desk.SHELL);
    const late = new Promise((resolve) => { setTimeout(resolve, shell ? PATIENCE : 2 ** 30); });
    let answer;
    try {
      answer = await Promise.race([fetch(event.request), late]);
    } catch (error) {
      if (!shell) {
        throw error;
      }
    }
    if (shell && (!answer || answer.status === 502 || answer.status === 504)) {
      return shell;
    }
    keepUp(event, event.request.method === "POST");
    return answer;
  }

  async function list(event) {
    const answer = await fetch(event.request);
    keepUp(event, answer.type === "opaqueredirect");
    return answer;
  }

  async function leave(request) {
    const form = await request.formData();
    const signedOut = await leaveAs(form.get("csrf_token"));
    return Response.redirect(signedOut ? "/" : "/desk/", 303);
  }

  addEventListener("install", (event) => {
    skipWaiting();
    keepUp(event, true);
  });

  addEventListener("activate", (event) => {
    event.waitUntil(clients.claim());
  });

  addEventListener("fetch", (event) => {
    const url = new URL(event.request.url);
    if (url.origin !== location.origin) {
      return;
    }
    if (url.pathname === "/desk/logout" && event.request.mode === "navigate" && event.request.method === "POST") {
      event.respondWith(leave(event.request));
    } else if (event.request.mode === "navigate") {
      event.respondWith(page(event));
    } else if (url.pathname === desk.SHELL + "/sync") {
      // This and the next are the page's own to ask; a link that leads here is a navigation.
      event.respondWith(sync().then((known) => Response.json(known)));
    } else if (url.pathname === desk.SHELL + "/leave") {
      event.respondWith(leaveAs("").then((left) => Response.json(left)));
    } else if (url.pathname === "/desk/agenda") {
      event.respondWith(list(event));
    } else if (url.pathname.startsWith("/static/")) {
      event.respondWith(kept(event.request).then((file) => file || fetch(event.request)));
    }
  });
})();
