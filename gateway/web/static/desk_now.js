// What the modules of the desk share: the state of the page, which part of it is shown, and what they tell each
// other. A module changes only its own members of `now` and tells the others by name:
//   "seat"    the own seat or the telephone's health changed       (desk_seat.js, desk_phone.js)
//   "call"    the call in the page's telephone changed             (desk_phone.js)
//   "popped"  another call is shown, or none                       (desk_call.js)
//   "shown"   another part of the page is shown, or another item   (here, desk_item.js)
//   "added"   what a caller told was added to an item              (desk_item_acts.js)
//   "changed" items changed: lists are to be read again            (anyone who changed one)
import { $ } from "./desk_parts.js";

export const now = {
  seat: { state: "offline", reason: "", since: null, reachable: true, phone: "sip" }, // own seat: desk_seat.js
  phone: null, // the page's telephone, once it is started: desk_phone.js
  elsewhere: false, // another page is the telephone: desk_phone.js
  pop: null, // what is known of the call that is shown: desk_call.js
  listAddress: "", // the part of the address that says which list is shown: desk_list.js
  view: "idle", // "idle", "pop" or "item": which part of the middle column is shown
};

const told = new EventTarget();
export const on = (name, does) => told.addEventListener(name, ({ detail }) => does(detail));
export const tell = (name, what) => told.dispatchEvent(new CustomEvent(name, { detail: what }));

// Shows one part of the middle column; on a narrow screen it takes the place of the list.
export function show(what) {
  for (const id of ["idle", "pop", "item"]) $(id).hidden = id !== what;
  now.view = document.body.dataset.view = what;
  tell("shown", what);
}
