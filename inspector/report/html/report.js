"use strict";
// Everything is on the page without this script; it adds sorting, filtering, the theme, and what the graph is shaded by.
(() => {
  const make = (name, className, text) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text) element.textContent = text;
    return element;
  };
  const status = make("p", "sr");
  status.setAttribute("role", "status");
  document.body.append(status);

  const addTheme = () => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const root = document.documentElement;
    const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
    const button = make("button", "theme");
    button.type = "button";
    const label = () => { button.textContent = isDark() ? "Light theme" : "Dark theme"; };
    button.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; label(); });
    dark.addEventListener("change", label);
    label();
    document.querySelector(".tools").append(button);
  };

  const keyOf = (row, index) => {
    const cell = row.cells[index];
    return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
  };
  const compare = (left, right, direction) => {
    if (typeof left === "number" && typeof right === "number") {
      if (left === right) return 0;
      if (left === -Infinity || right === -Infinity) return left === -Infinity ? 1 : -1;
      return (left - right) * direction;
    }
    return String(left).localeCompare(String(right), "en", { numeric: true }) * direction;
  };
  const sortable = (table) => {
    const body = table.tBodies[0];
    const order = [...body.rows];
    if (order.length < 2) return;
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, index) => {
      const button = make("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const first = head.classList.contains("number") ? "descending" : "ascending";
        const second = first === "ascending" ? "descending" : "ascending";
        const next = { none: first, [first]: second, [second]: "none" }[head.getAttribute("aria-sort")];
        heads.forEach((other) => other.setAttribute("aria-sort", other === head ? next : "none"));
        const direction = next === "ascending" ? 1 : -1;
        const keyed = order.map((row) => [keyOf(row, index), row]);
        if (next !== "none") keyed.sort((one, other) => compare(one[0], other[0], direction));
        body.append(...keyed.map(([, row]) => row));
        status.textContent = next === "none" ? "in the first order" : `sorted by ${button.textContent}, ${next}`;
      });
    });
  };

  const wordsOf = (rows) => {
    const index = [...rows[0].cells].findIndex((cell) => cell.querySelector(".word"));
    if (index < 0 || rows.some((row) => !row.cells[index].querySelector(".word"))) return null;
    const told = rows.map((row) => row.cells[index].querySelector(".word").textContent.trim());
    const words = [...new Set(told)];
    return words.length > 1 ? { told, words } : null;
  };
  const filterable = (table) => {
    const rows = [...table.tBodies[0].rows];
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const judged = rows.length >= 4 ? wordsOf(rows) : null;
    if (rows.length < 12 && !judged) return;
    const bar = make("div", "filter");
    const label = make("label", "", "Filter");
    const input = make("input");
    input.type = "search";
    input.setAttribute("aria-label", `Filter ${table.caption.textContent}`);
    label.append(input);
    bar.append(label);
    let choice = null;
    if (judged) {
      choice = make("select");
      choice.setAttribute("aria-label", `Show of ${table.caption.textContent}`);
      for (const word of ["all", ...judged.words]) choice.append(new Option(word, word === "all" ? "" : word));
      bar.append(choice);
    }
    const count = make("span");
    count.setAttribute("aria-live", "polite");
    bar.append(count);
    const apply = () => {
      const wanted = input.value.trim().toLowerCase();
      let shown = 0;
      rows.forEach((row, index) => {
        const right = !choice || !choice.value || judged.told[index] === choice.value;
        row.hidden = !(right && texts[index].includes(wanted));
        shown += row.hidden ? 0 : 1;
      });
      count.textContent = shown === rows.length ? `${rows.length} rows` : `${shown} of ${rows.length} rows`;
    };
    input.addEventListener("input", apply);
    if (choice) choice.addEventListener("change", apply);
    apply();
    table.parentElement.before(bar);
  };

  const addHeats = (frame) => {
    const plot = frame.querySelector(".plot");
    const heats = frame.dataset.heats.split(",").map((one) => one.split(":"));
    if (!plot || heats.length < 2) return;
    const bar = make("div", "heats");
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", "What the graph is shaded by");
    bar.append(make("span", "", "Shaded by"));
    const buttons = heats.map(([key, name]) => {
      const button = make("button", "", name);
      button.type = "button";
      button.setAttribute("aria-pressed", String(plot.classList.contains(`show-${key}`)));
      button.addEventListener("click", () => {
        heats.forEach(([other], index) => {
          plot.classList.toggle(`show-${other}`, other === key);
          buttons[index].setAttribute("aria-pressed", String(other === key));
        });
      });
      return button;
    });
    bar.append(...buttons);
    frame.before(bar);
  };

  const calmScrolling = () => {
    for (const frame of document.querySelectorAll(".scroll")) {
      const moves = frame.scrollWidth > frame.clientWidth + 1 || frame.scrollHeight > frame.clientHeight + 1;
      if (moves) frame.tabIndex = 0; else frame.removeAttribute("tabindex");
    }
  };

  const followContents = () => {
    const links = new Map([...document.querySelectorAll(".contents a")].map((link) => [link.hash.slice(1), link]));
    const seen = new Set();
    const watcher = new IntersectionObserver((entries) => {
      for (const entry of entries) entry.isIntersecting ? seen.add(entry.target.id) : seen.delete(entry.target.id);
      const current = [...links.keys()].find((id) => seen.has(id));
      if (current) links.forEach((link, id) => id === current ? link.setAttribute("aria-current", "location") : link.removeAttribute("aria-current"));
    }, { rootMargin: "-10% 0px -60% 0px" });
    for (const id of links.keys()) watcher.observe(document.getElementById(id));
  };

  const unfoldForPrint = () => {
    let opened = [];
    addEventListener("beforeprint", () => {
      opened = [...document.querySelectorAll("details:not([open])")];
      opened.forEach((one) => { one.open = true; });
    });
    addEventListener("afterprint", () => opened.forEach((one) => { one.open = false; }));
  };

  addTheme();
  document.querySelectorAll("main table").forEach((table) => { sortable(table); filterable(table); });
  document.querySelectorAll("[data-heats]").forEach(addHeats);
  calmScrolling();
  addEventListener("resize", calmScrolling);
  addEventListener("toggle", calmScrolling, true);
  followContents();
  unfoldForPrint();
})();
