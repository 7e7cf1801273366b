// /phone: a caller's telephone for trying the hotline out.
import { Softphone } from "./softphone.js";

const page = document.getElementById("phone");
const button = document.getElementById("dial");
const told = document.getElementById("told");
const clock = document.getElementById("clock");
const keys = [...document.querySelectorAll("#keys button")];
const words = JSON.parse(page.dataset.words);
let phone = null;
let last = "";

const press = (key) => {
  if (!phone?.call) return;
  phone.key(key);
  last += key;
  document.getElementById("pressed").textContent = last;
};

function show() {
  const call = phone?.call;
  button.textContent = call ? words.hang_up : words.call;
  button.classList.toggle("end", Boolean(call));
  keys.forEach((key) => (key.disabled = call?.state !== "talking"));
  const state = call ? call.state : phone?.trouble || (phone && phone.link !== "ready" ? phone.link : "idle");
  told.textContent = words[state] || words.idle;
  page.dataset.state = state;
  if (!call) clock.textContent = "";
}

async function start() {
  const { user, password, number } = page.dataset;
  if (!phone) {
    phone = new Softphone({ user, password, register: false });
    phone.addEventListener("change", show);
    const ready = new Promise((done) =>
      phone.addEventListener("change", () => phone.link === "ready" && done(), { once: false }),
    );
    try {
      await phone.start();
    } catch {
      phone = null;
      told.textContent = words.microphone;
      return;
    }
    await ready;
  }
  last = "";
  document.getElementById("pressed").textContent = "";
  phone.dial(number);
}

button.addEventListener("click", () => (phone?.call ? phone.hangUp() : start()));
keys.forEach((key) => key.addEventListener("click", () => press(key.dataset.key)));
document.addEventListener("keydown", (event) => {
  if (/^[0-9*#]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) press(event.key);
});
setInterval(() => {
  if (phone?.call?.state !== "talking") return;
  const seconds = Math.floor((Date.now() - phone.call.since) / 1000);
  clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}, 250);
button.disabled = false;
