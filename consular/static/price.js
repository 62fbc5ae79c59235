// While an amount is being written: its price, the other amount, and what may still be sent.
(function () {
  "use strict";

  const form = document.querySelector("form[data-price]");
  const price = document.getElementById("price");
  const offer = document.getElementById("offer");
  const amounts = { send: form.elements.send_amount, receive: form.elements.receive_amount };
  let way = form.elements.way.value || "send";
  let waiting = 0;
  let asked = 0;

  // The field that the reader writes in stays as it is; the other one follows.
  function show(text) {
    const found = new DOMParser().parseFromString(text, "text/html");
    const head = found.querySelector("[data-send]");
    price.replaceChildren(...found.body.childNodes);
    // The price of before is no longer what is asked for.
    if (offer) {
      offer.remove();
    }
    if (!head) {
      return;
    }
    for (const name of ["send", "receive"]) {
      if (name !== way) {
        amounts[name].value = head.dataset[name];
        form.elements["shown_" + name].value = head.dataset[name];
      }
    }
  }

  function ask() {
    const query = new URLSearchParams();
    const turn = ++asked;
    query.set(way + "_amount", amounts[way].value);
    for (const name of ["funding", "payout"]) {
      query.set(name, form.elements[name].value);
    }
    // Only there where dues are waited for.
    if (form.elements.enrollment) {
      query.set("enrollment", form.elements.enrollment.value);
    }
    if (!amounts[way].value.trim()) {
      return;
    }
    fetch(form.dataset.price + "?" + query, { credentials: "same-origin" })
      .then(function (response) { return response.ok ? response.text() : ""; })
      .then(function (text) {
        // An answer to what was written before isn't shown.
        if (text && turn === asked) {
          show(text);
        }
      })
      .catch(function () { /* offline: the button asks again */ });
  }

  function soon() {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 400);
  }

  for (const name of ["send", "receive"]) {
    amounts[name].addEventListener("input", function () {
      way = name;
      form.elements.way.value = name;
      soon();
    });
  }
  form.addEventListener("change", function (event) {
    if (event.target.type === "radio") {
      soon();
    }
  });
})();
