// Comfort on top of pages that work without it. Nothing here is needed to get anything done.
(function () {
  "use strict";

  const words = document.documentElement.dataset;

  // A slow answer: say that it is on its way, and keep a second tap from sending twice.
  function guardAgainstSecondSubmit(form) {
    const live = document.createElement("p");
    live.setAttribute("role", "status");
    live.className = "quiet";
    let sent = false;
    form.addEventListener("submit", function (event) {
      if (sent) {
        event.preventDefault();
        return;
      }
      sent = true;
      form.append(live);
      setTimeout(function () { live.textContent = words.working || ""; }, 1000);
    });
    // Coming back with the back button finds the form ready again.
    addEventListener("pageshow", function () {
      sent = false;
      live.remove();
    });
  }

  // A file takes a while: say how much of it is on its way. One that is too large isn't sent at all.
  function showProgress(form) {
    const input = form.querySelector("input[type=file]");
    const bar = form.querySelector("progress");
    input.addEventListener("change", function () {
      const tooLarge = input.files[0] && input.files[0].size > Number(input.dataset.most);
      input.setCustomValidity(tooLarge ? input.dataset.tooLarge : "");
    });
    form.addEventListener("submit", function (event) {
      if (event.defaultPrevented) {
        return;
      }
      event.preventDefault();
      bar.hidden = false;
      const request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.upload.addEventListener("progress", function (sent) {
        if (sent.lengthComputable) {
          bar.value = sent.loaded / sent.total;
        }
      });
      // Whatever went wrong, the browser's own sending shows it.
      request.addEventListener("error", function () { form.submit(); });
      request.addEventListener("load", function () {
        if (request.status < 400) {
          location.assign(request.responseURL);
        } else {
          form.submit();
        }
      });
      request.send(new FormData(form));
    });
  }

  // <time data-countdown="SECONDS" datetime="…">: what is left by the server's clock, or without
  // seconds by this one's; minutes at first, seconds in the last two of them.
  function countDown(element) {
    const given = element.dataset.countdown;
    const left = given ? given * 1000 : Date.parse(element.dateTime) - Date.now();
    const end = performance.now() + left;
    const output = document.createElement("span");
    element.after(" ", output);
    (function show() {
      const seconds = Math.ceil((end - performance.now()) / 1000);
      const minutes = seconds > 120;
      const said = minutes ? words.minutesLeft : seconds > 0 ? words.secondsLeft : words.timeOver;
      output.textContent = (said || "").replace("{n}", minutes ? Math.ceil(seconds / 60) : seconds);
      if (seconds > 0) {
        setTimeout(show, minutes ? 5000 : 1000);
      }
    })();
  }

  // Looks for news now and then; the page is only loaded again when there are some.
  function watchForNews(element) {
    element.querySelector("span").hidden = false;
    setInterval(function () {
      if (document.hidden) {
        return;
      }
      fetch(location.href, { credentials: "same-origin" })
        .then(function (response) { return response.ok ? response.text() : ""; })
        .then(function (text) {
          const found = new DOMParser().parseFromString(text, "text/html");
          const next = found.querySelector("[data-state]");
          if (text && (!next || next.dataset.state !== element.dataset.state)) {
            location.reload();
          }
        })
        .catch(function () { /* offline for a moment: the next turn asks again */ });
    }, element.dataset.refresh * 1000);
  }

  document.querySelectorAll("[data-refresh]").forEach(watchForNews);
  document.querySelectorAll("form[method=post]").forEach(guardAgainstSecondSubmit);
  document.querySelectorAll("form[data-upload]").forEach(showProgress);
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
