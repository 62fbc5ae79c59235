// Comfort on top of pages that work without it. Nothing here is needed to get anything done.
(function () {
  "use strict";

  const words = document.documentElement.dataset;

  // A slow answer: say that it is on its way, and keep a second tap from sending twice.
  function guardAgainstSecondSubmit(form) {
    const live = document.createElement("p");
    live.setAttribute("role", "status");
    live.className = "quiet";
    form.append(live);
    let sent = false;
    form.addEventListener("submit", function (event) {
      if (sent) {
        event.preventDefault();
        return;
      }
      sent = true;
      setTimeout(function () { live.textContent = words.working || ""; }, 1000);
    });
    // Coming back with the back button finds the form ready again.
    addEventListener("pageshow", function () {
      sent = false;
      live.textContent = "";
    });
  }

  // <time data-countdown datetime="…">: minutes left, told once a minute rather than ticking.
  function countDown(element) {
    const end = Date.parse(element.dateTime);
    const output = document.createElement("span");
    element.after(" ", output);
    (function show() {
      const minutes = Math.ceil((end - Date.now()) / 60000);
      output.textContent = minutes > 0
        ? (words.minutesLeft || "").replace("{n}", minutes)
        : (words.timeOver || "");
      if (minutes > 0) {
        setTimeout(show, 15000);
      }
    })();
  }

  document.querySelectorAll("form[method=post]").forEach(guardAgainstSecondSubmit);
  document.querySelectorAll("time[data-countdown]").forEach(countDown);

  // Printing needs a script, so its button only appears with one.
  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { print(); });
  });

  // An error summary is the first thing to hear after a failed form.
  const summary = document.querySelector(".error-summary");
  if (summary) {
    summary.focus();
  }
})();
