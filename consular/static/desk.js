// The agenda asks for news by itself. Everything on the page works without this.
(function () {
  "use strict";

  const list = document.querySelector("[data-live]");
  const line = document.querySelector("[data-offline]");
  const seconds = list ? Number(list.dataset.seconds) : 0;
  let version = "";
  let lostAt = "";
  let wait = seconds;
  let timer = 0;

  // The row that was worked on is in view; the next step on it has the focus, which the browser would
  // take away on its own way to the row.
  const next = document.querySelector("[data-next]");
  const search = document.querySelector("[name=q]");
  const worked = location.hash && document.getElementById(location.hash.slice(1));
  if (worked) {
    history.replaceState(null, "", location.pathname + location.search);
    worked.scrollIntoView();
  }
  if (next && (worked || search.value)) {
    next.focus({ preventScroll: true });
  } else if (document.activeElement === document.body || document.activeElement === search) {
    // Typing looks for the next person.
    search.focus({ preventScroll: true });
    search.select();
  }

  const without = document.querySelector("[data-without]");

  // Keeps the day's list and this page's assets for when the network is away.
  if ("serviceWorker" in navigator) {
    navigator.serviceWorker.register(line.dataset.worker, { scope: line.dataset.scope }).catch(function () {});
  }

  function say(words, offline) {
    line.hidden = !words;
    line.textContent = words;
    without.hidden = !(offline && navigator.serviceWorker && navigator.serviceWorker.controller);
  }

  function show(html) {
    const focused = list.contains(document.activeElement) && document.activeElement.closest("tr");
    list.innerHTML = html;
    const row = focused && document.getElementById(focused.id);
    if (row) {
      row.querySelector("a").focus({ preventScroll: true });
    }
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(ask, wait * 1000);
  }

  function ask() {
    if (document.hidden) {
      later();
      return;
    }
    const aborting = new AbortController();
    setTimeout(function () { aborting.abort(); }, 10000);
    fetch(list.dataset.live, {
      credentials: "same-origin",
      headers: version ? { "If-None-Match": version } : {},
      redirect: "manual",
      signal: aborting.signal,
    }).then(function (response) {
      if (response.type === "opaqueredirect" || response.status === 401) {
        say(line.dataset.ended);
        return;
      }
      if (response.status !== 304 && !response.ok) {
        throw new Error(response.status);
      }
      lostAt = "";
      wait = seconds;
      say("");
      if (response.status === 304) {
        later();
        return;
      }
      version = response.headers.get("ETag") || "";
      return response.text().then(function (html) {
        show(html);
        later();
      });
    }).catch(function () {
      lostAt = lostAt || new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      wait = Math.min(wait * 2, 30);
      say(line.dataset.offline.replace("{time}", lostAt), true);
      later();
    });
  }

  if (list) {
    later();
    addEventListener("online", function () {
      clearTimeout(timer);
      wait = seconds;
      ask();
    });
  }
})();
