// The page's telephone: started, taken over, given up, and how it is.
import { ask } from "./desk_server.js";
import { $, agent, alarm, seat, w } from "./desk_parts.js";
import { now, on, tell } from "./desk_now.js";
import { setSeat } from "./desk_seat.js";

export const page = sessionStorage.getItem("page") || crypto.randomUUID();
sessionStorage.setItem("page", page);

function link() {
  const { seat: own, phone, elsewhere } = now;
  if ($("which").value === "sip") return own.state !== "offline" && !own.reachable ? "unreachable" : "sip";
  if (elsewhere) return "other";
  return phone?.trouble === "microphone" ? "microphone" : phone?.link || "off";
}

function showHealth() {
  if (!seat) return;
  const health = link();
  $("health").dataset.link = health;
  $("link").textContent = w(`link.${health}`);
  $("take").hidden = health !== "other";
}
on("seat", showHealth);
on("call", showHealth);

async function startPhone(take = false) {
  if (now.phone || $("which").value !== "browser") return;
  try {
    const account = await ask("POST", "seat-phone", { page, take });
    now.elsewhere = false;
    const { Softphone } = await import("./softphone.js");
    now.phone = new Softphone({ ...account, name: agent });
    now.phone.addEventListener("change", () => tell("call"));
    await now.phone.start();
    if (now.seat.state !== "offline" && now.seat.phone !== "browser") await setSeat("ready");
  } catch (problem) {
    if (problem.status === 409) now.elsewhere = true;
    else if (!now.phone?.trouble) alarm(problem.message);
  }
  showHealth();
}

export function yieldPhone() {
  now.elsewhere = true;
  stopPhone();
}

function stopPhone() {
  now.phone?.stop();
  now.phone = null;
  showHealth();
}

// After a break of the connection: is this page still the telephone?
export function keepPhone() {
  if (now.phone) ask("POST", "seat-phone", { page }).catch((problem) => problem.status === 409 && yieldPhone());
}

if (seat) {
  $("which").value = localStorage.getItem("which") || "browser";
  $("which").addEventListener("change", () => {
    localStorage.setItem("which", $("which").value);
    if ($("which").value === "browser") startPhone();
    else stopPhone();
    if (now.seat.state !== "offline") setSeat("ready");
  });
  $("take").addEventListener("click", () => startPhone(true));
  startPhone();
}
