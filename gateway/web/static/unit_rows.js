// Rows of units in the tables of supervision: a bureau, and below it its own and its stations' once it is unfolded.
import { button, w } from "./desk_parts.js";

const open = new Set(); // bureaus whose parts are shown

// A bureau's and a station's name as a clerk says it.
export const short = (name) => name.replace(/市场监督管理(?=[局所]$)/, "");

// A share between 0 and 1; null where nothing was to be counted.
export const percent = (rate) => (rate === null || rate === undefined ? "–" : `${(rate * 100).toFixed(1)}%`);

// `show` draws the table anew once the bureau is unfolded or folded.
export function fold(row, show) {
  const stations = row.parts.filter((part) => part.unit !== row.unit).length;
  const made = button(w("stations", stations), () => {
    if (!open.delete(row.unit)) open.add(row.unit);
    show();
    document.querySelector(`[data-fold="${row.unit}"]`)?.focus();
  }, "fold");
  made.dataset.fold = row.unit;
  made.setAttribute("aria-expanded", String(open.has(row.unit)));
  return made;
}

// `line` makes one row: of what, where its figures' lists look, its class.
export function rowsOf(row, line) {
  const rows = [line(row, { bureau: row.unit })];
  if (!open.has(row.unit)) return rows;
  const parts = row.parts.map((part) => ({ ...part, parts: [], name: part.unit === row.unit ? w("own") : part.name }));
  return [...rows, ...parts.map((part) => line(part, { bureau: row.unit, at: part.unit }, "part"))];
}
