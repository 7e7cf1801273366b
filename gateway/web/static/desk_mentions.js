// Where colleagues named the agent in notes that he has not looked at: a badge at the tab that has those items.
import { ask } from "./desk_server.js";
import { $, w } from "./desk_parts.js";

let numbers = new Set();
export const isMentioned = (number) => numbers.has(number);

export async function readMentions() {
  const { items } = await ask("GET", "mentions");
  numbers = new Set(items.map(({ number }) => number));
  $("mentioned").hidden = !numbers.size;
  $("mentioned").textContent = `@${numbers.size}`;
  $("mentioned").title = w("mentioned", numbers.size);
}
