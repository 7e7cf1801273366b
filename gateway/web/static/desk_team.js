// The seats of the centre: who may be consulted; for who leads, each with its state and listening in.
import { ask } from "./desk_server.js";
import { $, agent, button, make, path, role, seat, told, w } from "./desk_parts.js";
import { now } from "./desk_now.js";
import { seatSeen } from "./desk_seat.js";
import { fillTargets } from "./desk_call_transfer.js";

const READ_AFTER = 300; // milliseconds: so long changes of seats are gathered
export const leads = ["supervisor", "admin"].includes(role);
$("team").hidden = !leads;

export async function readSeats() {
  const { items } = await ask("GET", "agents");
  if (leads) showTeam(items);
  if (!seat) return;
  seatSeen(items.find((other) => other.id === agent) || now.seat);
  fillTargets(items);
}

let reading = 0;
export function readSeatsSoon() {
  reading ||= setTimeout(() => {
    reading = 0;
    readSeats().catch(() => {});
  }, READ_AFTER);
}
$("target").addEventListener("focus", readSeatsSoon);

function showTeam(seats) {
  const ear = $("ear").value || seat;
  $("ear").replaceChildren(...seats.map((one) => Object.assign(make("option", `${one.seat} ${one.name}`), { value: one.seat })));
  $("ear").value = seats.some((one) => one.seat === ear) ? ear : seats.at(-1)?.seat;
  $("seats").replaceChildren(...seats.map(seatRow));
}

function seatRow({ seat: number, name, state, reason, call_id: call }) {
  const row = make("li");
  const why = state === "paused" && reason ? w(`pause.${reason}`) : "";
  row.append(make("span", `${number} ${name} `), make("span", [w(`state.${state}`), why].filter(Boolean).join(" · "), "tag"));
  if (call && state === "talking") for (const mode of ["listen", "whisper", "join"]) row.append(button(w(mode), () => hearIn(call, mode)));
  return row;
}

async function hearIn(call, mode) {
  $("team-fault").textContent = "";
  try {
    await ask("POST", `calls/${path(call)}/listen`, { mode, seat: $("ear").value });
  } catch (problem) {
    $("team-fault").textContent = told(problem);
  }
}
