// The desk without the network: who is on the day's list, and what can be noted until the line is back.
(() => {
  "use strict";

  const place = document.querySelector("[data-words]");
  const words = JSON.parse(place.dataset.words);
  const said = place.querySelector("[data-said]");
  const waits = place.querySelector("[data-waits]");
  const search = place.querySelector("[name=q]");
  const windows = place.querySelector("[name=desk]");
  const ticket = place.querySelector("[data-ticket]");
  const rows = place.querySelector("tbody");
  const person = place.querySelector("[data-person]");
  const AFTER = { check_in: "checked_in", call: "called", back_to_waiting: "checked_in", no_show: "no_show" };
  const STEPS = {
    booked: ["check_in", "no_show"],
    checked_in: ["call", "park", "no_show"],
    called: ["back_to_waiting", "no_show"],
    not_served: ["check_in"],
    no_show: ["check_in"],
  };
  let list = null;
  let lines = [];
  let chosen = "";

  function plain(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  }

  function folioOf(text) {
    return text.toUpperCase().replace(/[^0-9A-Z]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  }

  function clock(moment) {
    return new Date(moment).toLocaleTimeString(document.documentElement.lang, { hour: "numeric", minute: "2-digit", timeZone: list.zone });
  }

  function ofTicket(step) {
    const service = list.services.find((each) => each.code === step.service);
    return { id: step.appointment, n: 1, time: clock(step.made_at), who: words.nameless, folio: step.folio.match(/.{4}/g).join("-"), service: service ? service.name : "", status: "checked_in", notes: words.walk_in, due: step.made_at, arrived: step.made_at, priority: step.priority };
  }

  // The list as it stands after what was noted here.
  function applied(steps) {
    const all = new Map(list.lines.map((line) => [line.id + line.n, { ...line }]));
    steps.forEach((step) => {
      if (step.step === "ticket") {
        all.set(step.appointment + 1, ofTicket(step));
        return;
      }
      const line = all.get(step.appointment + step.n);
      if (!line) {
        return;
      }
      line.parked = step.step === "park";
      if (AFTER[step.step]) {
        line.status = AFTER[step.step];
        line.desk = step.step === "call" ? step.desk : null;
        line.arrived = line.arrived || step.made_at;
      }
    });
    return Array.from(all.values());
  }

  // Who waits comes first, in the order in which people are called; then the others by their time.
  function order(line) {
    const waiting = line.status === "checked_in" && !line.parked;
    return [waiting ? 0 : 1, waiting && line.priority ? 0 : 1, line.due, waiting ? line.arrived : "", line.folio].join(" ");
  }

  function sought() {
    const asked = plain(search.value).split(/\s+/).filter(Boolean);
    const part = folioOf(search.value);
    return lines.filter((line) => {
      const who = plain(line.who);
      return asked.every((word) => who.includes(word))
        || (part.length > 2 && folioOf(line.folio).includes(part));
    });
  }

  function made(name, text, attributes) {
    const element = Object.assign(document.createElement(name), attributes || {});
    element.textContent = text;
    return element;
  }

  function row(line) {
    const element = document.createElement("tr");
    const name = document.createElement("th");
    const link = made("a", line.who, { href: "#" });
    element.className = "is-" + line.status;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      choose(line, true);
      element.setAttribute("aria-current", "true");
    });
    name.append(link, made("small", line.notes + (line.parked ? " " + words.parked : "")));
    name.scope = "row";
    if (line.id + line.n === chosen) {
      element.setAttribute("aria-current", "true");
    }
    element.append(
      made("td", line.time), name, made("td", line.folio, { className: "wide folio" }),
      made("td", line.service, { className: "wide" }),
      made("td", words.statuses[line.status] + (line.desk ? " · " + line.desk : "")),
    );
    return element;
  }

  function button(line, step) {
    const name = step === "park" && line.parked ? "unpark" : step;
    const text = words.steps[name].replace("{desk}", windows.value);
    const element = made("button", text, { type: "button", className: "btn btn-small btn-" + (step === "no_show" || step === "park" ? "outline-primary" : "primary") });
    element.append(made("span", ": " + line.who, { className: "visually-hidden" }));
    element.addEventListener("click", () => { note(line, name); });
    return element;
  }

  function offered(line) {
    return STEPS[line.status].filter((step) => {
      return (step !== "call" || windows.value) && (step !== "no_show" || Date.parse(line.due) < Date.now() + list.ahead);
    });
  }

  function choose(line, focus) {
    chosen = line.id + line.n;
    person.replaceChildren(
      made("h2", line.who, { className: "mt-0 mb-1 w-100" }), made("p", [line.folio, line.time, line.service, words.statuses[line.status]].join(" · "), { className: "mb-2" }),
      ...offered(line).map((step) => button(line, step)),
    );
    if (line.status === "checked_in" && !windows.value) {
      person.append(made("p", words.choose_desk));
    }
    rows.querySelectorAll("[aria-current]").forEach((each) => { each.removeAttribute("aria-current"); });
    const first = person.querySelector("button");
    if (focus && first) {
      first.focus();
    }
  }

  async function note(line, step) {
    const noted = { step, appointment: line.id, n: line.n, seen: line.status, desk: step === "call" ? windows.value : null };
    await keep(noted, line.who);
    const now = lines.find((each) => each.id + each.n === chosen);
    // Who went on typing in the meantime isn't taken away from it.
    choose(now, person.contains(document.activeElement) || document.activeElement === document.body);
  }

  async function keep(step, who) {
    const made_at = new Date(Date.now() + list.ahead).toISOString();
    const noted = await desk.note(Object.assign(step, { office: list.office, made_by: list.officer, made_at }));
    if (step.step === "ticket" && !noted.folio) {
      said.textContent = words.no_tickets;
      return;
    }
    await show();
    const shown = step.step === "ticket" ? words.noted.ticket.replace("{folio}", ofTicket(noted).folio) : words.noted[step.step].replace("{desk}", step.desk);
    said.textContent = who ? who + ": " + shown : shown;
  }

  async function show() {
    const steps = await desk.steps();
    waits.textContent = words.unsent.replace("{n}", steps.length);
    lines = list ? applied(steps) : [];
    lines.sort((a, b) => order(a) < order(b) ? -1 : 1);
    rows.replaceChildren(...sought().map(row));
  }

  function options(select, values) {
    const before = select.value || new URLSearchParams(location.search).get("desk");
    values.forEach((each) => { select.append(new Option(each.name, each.code)); });
    if (values.some((each) => each.code === before)) {
      select.value = before;
    }
  }

  // The service worker sends and signs out; it fails without the network.
  async function tell(what) {
    const answer = await fetch(desk.SHELL + "/" + what);
    if (answer.status >= 500) {
      throw new Error(answer.status);
    }
    return answer.ok ? answer.json() : null;
  }

  async function look() {
    try {
      if (await tell("sync") === false) {
        said.textContent = words.session_over;
      }
      location.replace(place.dataset.agenda + (windows.value ? "?desk=" + encodeURIComponent(windows.value) : ""));
    } catch (error) {
      setTimeout(look, 5000);
    }
  }

  async function begin() {
    list = await desk.day();
    if (list) {
      document.querySelector("h1").textContent = list.title;
      options(windows, list.desks.map((name) => ({ name, code: name })));
      options(ticket.querySelector("select"), list.services);
    }
    place.querySelectorAll("[data-listed]").forEach((each) => { each.hidden = !list; });
    said.textContent = list ? words.offline : await desk.get("leaving") ? words.left : words.nothing;
    await show();
    search.focus();
    addEventListener("online", look);
    look();
  }

  search.addEventListener("input", show);
  windows.addEventListener("change", () => {
    const now = lines.find((each) => each.id + each.n === chosen);
    if (now) {
      choose(now);
    }
  });
  search.form.addEventListener("submit", (event) => {
    event.preventDefault();
    const first = sought()[0];
    if (first) {
      choose(first, true);
    }
  });
  ticket.addEventListener("submit", (event) => {
    event.preventDefault();
    keep({ step: "ticket", n: 1, service: ticket.querySelector("select").value, priority: ticket.querySelector("[type=checkbox]").checked });
  });
  document.querySelector("[data-leave]").addEventListener("click", async () => {
    await tell("leave");
    location.replace(place.dataset.agenda);
  });

  begin();
})();
