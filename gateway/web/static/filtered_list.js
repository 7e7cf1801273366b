// A list with filters that stand in the address, read page by page: the calls and the audit log.
// `prefix`: that of the filters' ids. `atOnce`: filters that are followed when they change. `open(filters)`: asks the
// server, gives `rows` and `next`, what `before` must be for those behind them (null: none).
import { $ } from "./desk_parts.js";

const DAY = 86_400_000;

/** The day so many days after another, both as 2026-11-28. */
export const later = (day, by) => new Date(Date.parse(`${day}T00:00:00Z`) + by * DAY).toISOString().slice(0, 10);

export function filteredList({ prefix, fields, atOnce, rows, open, rowOf, words }) {
  const field = (name) => $(`${prefix}-${name}`);
  let next = null;
  let reading = 0; // the latest reading: an answer to an earlier one is not shown

  const given = () => Object.fromEntries(fields.map((name) => [name, field(name).value.trim()]).filter(([, value]) => value));

  /** The filters as the API takes them: the days are a period, the last one whole. */
  function filters() {
    const { from, to, ...others } = given();
    if (from) others.since = `${from}T00:00:00`;
    if (to) others.until = `${later(to, 1)}T00:00:00`;
    return others;
  }

  /** Each cell with the name of its column, which a phone shows beside it. */
  function labelled(row) {
    const names = $(rows).closest("table").tHead.rows[0].cells;
    for (const cell of row.cells) if (cell.hasChildNodes()) cell.dataset.label = names[cell.cellIndex].textContent;
    return row;
  }

  async function read(more = false) {
    const mine = ++reading;
    $("fault").textContent = "";
    $("loading").hidden = false;
    $("empty").hidden = true;
    $("more").hidden = true;
    try {
      const page = await open({ ...filters(), ...(more && { before: next }) });
      if (mine !== reading) return;
      next = page.next;
      if (!more) $(rows).replaceChildren();
      $(rows).append(...page.rows.map((one) => labelled(rowOf(one))));
      $("empty").hidden = $(rows).children.length > 0;
      $("more").hidden = !next;
      document.body.dataset.read = String($(rows).children.length);
    } catch (problem) {
      if (mine === reading) $("fault").textContent = words(problem);
    } finally {
      if (mine === reading) $("loading").hidden = true;
    }
  }

  function submitted(event) {
    event?.preventDefault();
    const address = `#${new URLSearchParams(given())}`;
    if (location.hash !== address) history.pushState(null, "", address);
    read();
  }

  function follow() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    for (const name of fields) field(name).value = wanted.get(name) || "";
    read();
  }

  $("filters").addEventListener("submit", submitted);
  $("filters").addEventListener("reset", () => setTimeout(submitted));
  for (const name of atOnce) field(name).addEventListener("change", submitted);
  $("more").addEventListener("click", () => read(true));
  addEventListener("hashchange", follow);
  addEventListener("popstate", follow);
  return { follow };
}
