// A telephone in a page: registers over /ws, rings, answers, calls. It knows no page; desk.js and phone.js
// listen to its "change" and show `link`, `call` and `trouble`.
import JsSIP from "./jssip.js";
import { chosen, Microphone, Ring } from "./softphone_sound.js";

const AGAIN_AFTER = [2000, 4000, 8000, 16_000, 30_000]; // ms until a refused registration is tried again
const HOLD_REST = 300; // ms between two changes: the other side may have its own to tell
const ANSWER = { pcConfig: { iceServers: [] }, rtcOfferConstraints: { offerToReceiveAudio: true } };

export class Softphone extends EventTarget {
  constructor({ user, auth = user, password, name = "", register = true, rings = true }) {
    super();
    this.link = "off"; // off, connecting, ready, gone, refused
    this.trouble = ""; // microphone, sound
    this.call = null; // {id, direction, number, state: calling|ringing|talking, held, muted, since}
    this._rings = rings;
    this._refusals = 0;
    this._session = null;
    this._ring = new Ring();
    this.microphone = new Microphone((track) => this._speakInto(track));
    this._account = { user, auth, password, name, register };
    this._speaker = new Audio();
    this._speaker.autoplay = true;
    if (chosen("speaker")) this._speaker.setSinkId?.(chosen("speaker")).catch(() => {});
  }

  // Without a microphone nobody can be rung: then it waits for one.
  async start() {
    await this.microphone.take();
  }

  _connect() {
    const { user, auth, password, name, register } = this._account;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this._ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(`${scheme}://${location.host}/ws`)],
      uri: `sip:${user}@${location.hostname}`,
      // Its own name, so that it may speak in a call that began on an earlier connection: sip_guard.py.
      contact_uri: `sip:${user}@${crypto.randomUUID().slice(0, 8)}.invalid;transport=ws`,
      authorization_user: auth,
      password,
      display_name: name,
      register,
      register_expires: 120,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 4,
      user_agent: "hotline desk",
    });
    this._ua.on("connected", () => this._connected());
    this._ua.on("disconnected", () => this._set({ link: "gone" }));
    this._ua.on("registered", () => this._registered());
    this._ua.on("unregistered", () => this._set({ link: "off" }));
    this._ua.on("registrationFailed", () => this._refused());
    this._ua.on("newRTCSession", ({ session }) => this._begin(session));
    this._set({ link: "connecting" });
    this._ua.start();
  }

  _registered() {
    this._refusals = 0;
    this._set({ link: "ready" });
  }

  // Asterisk may be starting, or too busy to answer. Without a connection JsSIP registers with the next one.
  _refused() {
    this._set({ link: "refused" });
    const wait = AGAIN_AFTER[Math.min(this._refusals, AGAIN_AFTER.length - 1)];
    this._refusals += 1;
    setTimeout(() => this.link === "refused" && this._ua?.isConnected() && this._ua.register(), wait);
  }

  stop() {
    this._stopped = true;
    this.hangUp();
    this._ua?.stop();
    this._ua = null;
    this.microphone.stop();
    this._set({ link: "off" });
  }

  dial(number) {
    if (this._session || !this._ua) return;
    this._ua.call(`sip:${number}@${location.hostname}`, { mediaStream: this.microphone.stream, ...ANSWER });
  }

  answer() {
    if (this.call?.state !== "ringing" || this._session.direction !== "incoming") return;
    this._session.answer({ mediaStream: this.microphone.stream, ...ANSWER });
  }

  // Without a connection nobody would hear of it, and the caller be left in silence: then as soon as there is one.
  hangUp() {
    if (!this._session || this._session.isEnded()) return;
    if (this._ua.isConnected()) return this._session.terminate();
    this.mute(true);
    this._wantsEnd = this._session;
    return undefined;
  }

  _connected() {
    this._set({ link: this._account.register ? "connecting" : "ready" });
    if (this._wantsEnd === this._session) this.hangUp();
  }

  hold(on = !this._wantsHold) {
    if (this.call?.state !== "talking") return;
    this._wantsHold = on;
    this._settleHold(this._session);
  }

  // Nothing can be told while an earlier wish is still on its way: then the last wish is told after it.
  _settleHold(session) {
    if (this._session !== session || session.isEnded() || session.isOnHold().local === this._wantsHold) return;
    const again = () => setTimeout(() => this._settleHold(session), HOLD_REST);
    const told = this._wantsHold ? session.hold({}, again) : session.unhold({}, again);
    if (!told) again();
  }

  mute(on = !this.call?.muted) {
    if (!this.call) return;
    if (on) this._session.mute({ audio: true });
    else this._session.unmute({ audio: true });
  }

  key(key) {
    if (this.call?.state === "talking") this._session.sendDTMF(key, { transportType: "RFC2833", duration: 120 });
  }

  // A microphone was taken, or lost (null). A talk goes on with the new one.
  _speakInto(track) {
    if (!track) return this._set({ trouble: "microphone" });
    const sender = this._session?.connection?.getSenders().find((one) => !one.track || one.track.kind === "audio");
    if (sender) {
      track.enabled = sender.track?.enabled ?? true; // muted or on hold as before
      sender.replaceTrack(track).catch(() => this._set({ trouble: "microphone" }));
    }
    this._set({ trouble: "" });
    if (!this._ua && !this._stopped) this._connect();
    return undefined;
  }

  // The devices that were chosen in this browser.
  async useDevices() {
    this._speaker.setSinkId?.(chosen("speaker")).catch(() => {});
    await this.microphone.take();
  }

  _begin(session) {
    if (this._session) {
      session.terminate({ status_code: 486 });
      return;
    }
    this._session = session;
    this._wantsHold = false;
    const incoming = session.direction === "incoming";
    this._set({
      call: {
        id: session.id,
        direction: session.direction,
        number: session.remote_identity.uri.user,
        state: incoming ? "ringing" : "calling",
        held: false,
        muted: false,
        since: Date.now(),
      },
    });
    const listen = (connection) => {
      connection.ontrack = ({ streams }) => {
        this._speaker.srcObject = streams[0];
        this._speaker.play().catch(() => this._set({ trouble: "sound" }));
      };
    };
    if (session.connection) listen(session.connection);
    session.on("peerconnection", ({ peerconnection }) => listen(peerconnection));
    // One network answers with all that is needed: there is nothing to wait for.
    session.on("icecandidate", ({ candidate, ready }) => candidate.type === "host" && candidate.protocol === "udp" && ready());
    session.on("progress", () => !incoming && this._update({ state: "ringing" }));
    session.on("confirmed", () => this._update({ state: "talking", since: Date.now() }));
    session.on("accepted", () => this._ring.stop());
    session.on("hold", ({ originator }) => originator === "local" && this._update({ held: true, held_since: Date.now() }));
    session.on("unhold", ({ originator }) => originator === "local" && this._update({ held: false }));
    session.on("muted", () => this._update({ muted: true }));
    session.on("unmuted", () => this._update({ muted: false }));
    session.on("ended", ({ cause }) => this._over(session, cause));
    session.on("failed", ({ cause }) => this._over(session, cause));
    if (incoming && this._rings) this._ring.start(() => this.call?.state === "ringing");
  }

  _over(session, cause) {
    if (this._session !== session) return;
    this._ring.stop();
    this._session = this._wantsEnd = null;
    this._speaker.srcObject = null;
    this.microphone.stream?.getAudioTracks().forEach((track) => (track.enabled = true));
    this._set({ call: null, cause });
  }

  _update(change) {
    if (this.call) this._set({ call: { ...this.call, ...change } });
  }

  _set(change) {
    Object.assign(this, change);
    this.dispatchEvent(new Event("change"));
  }
}
