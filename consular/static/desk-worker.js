// Answers for the desk's pages while the network is away. The store stands in front of this.
(function () {
  "use strict";

  const PATIENCE = 10000;
  const EVERY = 60000;
  let synced = 0;

  function keepUp(event, now) {
    if (now || Date.now() - synced > EVERY) {
      synced = Date.now();
      event.waitUntil(desk.sync().catch(function () { synced = 0; }));
    }
  }

  function kept(what) {
    return caches.match(what, { ignoreVary: true });
  }

  // The page as the server answers it; without an answer, the one that is kept.
  async function page(event) {
    const shell = await kept(desk.SHELL);
    const late = new Promise(function (resolve) { setTimeout(resolve, shell ? PATIENCE : 2 ** 30); });
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
    const signedOut = await desk.leave(form.get("csrf_token"));
    return Response.redirect(signedOut ? "/" : "/desk/", 303);
  }

  addEventListener("install", function (event) {
    skipWaiting();
    keepUp(event, true);
  });

  addEventListener("activate", function (event) {
    event.waitUntil(clients.claim());
  });

  addEventListener("fetch", function (event) {
    const url = new URL(event.request.url);
    if (url.origin !== location.origin) {
      return;
    }
    if (url.pathname === "/desk/logout" && event.request.mode === "navigate" && event.request.method === "POST") {
      event.respondWith(leave(event.request));
    } else if (event.request.mode === "navigate") {
      event.respondWith(page(event));
    } else if (url.pathname === "/desk/agenda") {
      event.respondWith(list(event));
    } else if (url.pathname.startsWith("/static/")) {
      event.respondWith(kept(event.request).then(function (file) { return file || fetch(event.request); }));
    }
  });
})();
