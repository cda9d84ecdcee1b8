// What the page does beyond showing itself: draw charts when they come into view, sort, filter, copy, and say so
// when an address leads nowhere. Which view is shown is the style sheet's business (:target).
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  const baseTitle = document.title;

  // ---- charts
  const specs = new Map(all("script.spec").map((item) => [item.dataset.name, item]));
  const dark = matchMedia("(prefers-color-scheme: dark)");

  async function draw(place) {
    const source = specs.get(place.dataset.figure);
    if (!source || !window.vegaEmbed || place.dataset.drawn) return;
    place.dataset.drawn = "yes";
    const points = source.textContent.length > 400000;
    // Vega names what it draws into; the figure's own words stay on the element around it.
    const inside = document.createElement("div");
    inside.setAttribute("aria-hidden", "true");
    place.append(inside);
    try {
      await vegaEmbed(inside, JSON.parse(source.textContent), {
        mode: "vega-lite", renderer: points ? "canvas" : "svg", actions: false,
        tooltip: { theme: dark.matches ? "dark" : "light" },
      });
      all("[tabindex]", inside).forEach((mark) => mark.removeAttribute("tabindex"));
    } catch (error) {
      place.classList.add("failed");
      place.textContent = `This chart could not be drawn (${error.message}). Its numbers are in the tables.`;
    }
  }
  const charts = all(".chart");
  if ("IntersectionObserver" in window) {
    const watcher = new IntersectionObserver((seen) => {
      for (const { target, isIntersecting } of seen) if (isIntersecting) { watcher.unobserve(target); draw(target); }
    }, { rootMargin: "300px" });
    charts.forEach((place) => watcher.observe(place));
  } else charts.forEach(draw);
  addEventListener("beforeprint", () => charts.filter((place) => place.offsetParent).forEach(draw));

  // ---- views
  function arrive() {
    const address = decodeURIComponent(location.hash.slice(1));
    const target = address ? one(address) : null;
    const view = target?.classList.contains("view") ? target : null;
    document.title = view ? `${view.dataset.title} · ${baseTitle}` : baseTitle;
    const unknown = one("unknown");
    unknown.hidden = !address || Boolean(target);
    if (!unknown.hidden) unknown.textContent = `There is no cell “${address}” in this sweep. The list below has all that there are.`;
    // A keyboard goes on from the heading of the view that it asked for.
    if (view) { view.querySelector("h2").focus({ preventScroll: true }); scrollTo({ top: 0, behavior: "instant" }); }
  }
  addEventListener("hashchange", arrive);
  arrive();

  // Charts that are drawn above a place grow while the browser jumps to it: jump again, until the reader scrolls.
  let jumping = false;
  const stop = () => { jumping = false; };
  const jump = () => { const target = location.hash && one(decodeURIComponent(location.hash.slice(1))); if (jumping && target && !target.classList.contains("view")) target.scrollIntoView({ behavior: "instant" }); };
  const start = () => { jumping = Boolean(location.hash); setTimeout(stop, 3000); };
  for (const kind of ["wheel", "touchstart", "keydown", "pointerdown"]) addEventListener(kind, stop, { passive: true });
  addEventListener("hashchange", start);
  if ("ResizeObserver" in window) new ResizeObserver(jump).observe(one("content"));
  start();

  // ---- sorting: within each block of a table
  function valueOf(row, column) {
    const cell = row.cells[column];
    if (!cell) return null;
    const text = cell.dataset.order ?? cell.textContent.trim();
    if (text === "") return null;
    const number = text === "inf" ? Infinity : text === "-inf" ? -Infinity : Number(text);
    return Number.isNaN(number) ? text.toLowerCase() : number;
  }
  function compare(a, b) {
    if (a === null || b === null) return (a === null) - (b === null);
    if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
    return typeof a === "number" ? -1 : 1;
  }
  function sort(table, head) {
    const falling = head.getAttribute("aria-sort") === "ascending";
    all("th[aria-sort]", table).forEach((item) => item.setAttribute("aria-sort", "none"));
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const column = head.cellIndex;
    for (const body of table.tBodies) {
      const rows = all("tr:not(.heading)", body).map((row, index) => ({ row, index, value: valueOf(row, column) }));
      rows.sort((a, b) => {
        if (a.value === null || b.value === null) return compare(a.value, b.value) || a.index - b.index;
        return (falling ? compare(b.value, a.value) : compare(a.value, b.value)) || a.index - b.index;
      });
      rows.forEach(({ row }) => body.append(row));
    }
  }
  for (const table of all("table.sortable")) {
    for (const head of all("th[data-sort]", table)) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => sort(table, head));
    }
  }

  // ---- filter
  const text = one("filter-text"), state = one("filter-state"), engine = one("filter-engine");
  const lines = all("table.cells tbody tr");
  function filter() {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const line of lines) {
      const fits = line.dataset.states.trim().split(/\s+/).map((item) => item.split(":"))
        .filter(([name]) => !engine.value || name === engine.value);
      const fit = fits.some(([, answer]) => !state.value || answer === state.value);
      line.hidden = !(fit && words.every((word) => line.dataset.words.includes(word)));
      shown += !line.hidden;
    }
    one("filter-count").textContent = shown === lines.length ? `${shown} line${shown === 1 ? "" : "s"}` : `${shown} of ${lines.length} lines`;
    one("filter-none").hidden = shown > 0 || !lines.length;
  }
  text.form.addEventListener("submit", (event) => event.preventDefault());
  for (const item of [text, state, engine]) item.addEventListener("input", filter);
  one("filter-clear").addEventListener("click", () => { text.value = state.value = engine.value = ""; filter(); text.focus(); });

  // ---- copying
  async function copy(button) {
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      getSelection().selectAllChildren(code);
      document.execCommand("copy");
    }
    const label = button.firstChild;
    label.textContent = "Copied";
    setTimeout(() => { label.textContent = "Copy"; }, 1500);
  }
  all("button.copy").forEach((button) => button.addEventListener("click", () => copy(button)));
})();
