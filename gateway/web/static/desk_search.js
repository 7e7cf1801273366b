// The search box above the list: a number opens its item.
import { $ } from "./desk_parts.js";
import { openItem } from "./desk_item.js";

export const focusSearch = () => $("q").focus();

$("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const number = $("q").value.replace(/\D/g, "");
  if (number.length === 12) openItem(number);
});
