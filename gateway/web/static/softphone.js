// A telephone in a page: registers over /ws, rings, answers, calls. It knows no page; desk.js and phone.js
// listen to its "change" and show `link`, `call` and `trouble`.
import JsSIP from "./jssip.js";

const HOLD_REST = 300; // ms between two changes: the other side may have its own to tell
const RINGING = { on: 1000, off: 4000, hertz: 450 };
const ANSWER = { pcConfig: { iceServers: [] }, rtcOfferConstraints: { offerToReceiveAudio: true } };

export class Softphone extends EventTarget {
  constructor({ user, auth = user, password, name = "", register = true, rings = true }) {
    super();
    this.link = "off"; // off, connecting, ready, gone, refused
    this.trouble = ""; // microphone, sound
    this.call = null; // {id, direction, number, state: calling|ringing|talking, held, muted, since}
    this._rings = rings;
    this._session = null;
    this._account = { user, auth, password, name, register };
    this._speaker = new Audio();
    this._speaker.autoplay = true;
  }

  async start() {
    this._microphone = await this._listen();
    const { user, auth, password, name, register } = this._account;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this._ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(`${scheme}://${location.host}/ws`)],
      uri: `sip:${user}@${location.hostname}`,
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
    this._ua.on("connected", () => this._set({ link: register ? "connecting" : "ready" }));
    this._ua.on("disconnected", () => this._set({ link: "gone" }));
    this._ua.on("registered", () => this._set({ link: "ready" }));
    this._ua.on("unregistered", () => this._set({ link: "off" }));
    this._ua.on("registrationFailed", () => this._set({ link: "refused" }));
    this._ua.on("newRTCSession", ({ session }) => this._begin(session));
    this._set({ link: "connecting" });
    this._ua.start();
  }

  stop() {
    this.hangUp();
    this._ua?.stop();
    this._ua = null;
    this._microphone?.getTracks().forEach((track) => track.stop());
    this._set({ link: "off" });
  }

  dial(number) {
    if (this._session || !this._ua) return;
    this._ua.call(`sip:${number}@${location.hostname}`, { mediaStream: this._microphone, ...ANSWER });
  }

  answer() {
    if (this.call?.state !== "ringing" || this._session.direction !== "incoming") return;
    this._session.answer({ mediaStream: this._microphone, ...ANSWER });
  }

  hangUp() {
    if (this._session && !this._session.isEnded()) this._session.terminate();
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

  async _listen() {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      });
      stream.getAudioTracks()[0].addEventListener("ended", () => this._set({ trouble: "microphone" }));
      return stream;
    } catch (error) {
      this._set({ trouble: "microphone" });
      throw error;
    }
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
    session.on("accepted", () => this._ring(false));
    session.on("hold", ({ originator }) => originator === "local" && this._update({ held: true }));
    session.on("unhold", ({ originator }) => originator === "local" && this._update({ held: false }));
    session.on("muted", () => this._update({ muted: true }));
    session.on("unmuted", () => this._update({ muted: false }));
    session.on("ended", ({ cause }) => this._over(session, cause));
    session.on("failed", ({ cause }) => this._over(session, cause));
    if (incoming && this._rings) this._ring(true);
  }

  _over(session, cause) {
    if (this._session !== session) return;
    this._ring(false);
    this._session = null;
    this._speaker.srcObject = null;
    this._microphone?.getAudioTracks().forEach((track) => (track.enabled = true));
    this._set({ call: null, cause });
  }

  // 450 Hz, one second in five, as telephones ring in China.
  _ring(on) {
    clearInterval(this._ringer);
    this._tone?.stop();
    this._tone = null;
    if (!on) return;
    this._sound ??= new AudioContext();
    const burst = () => {
      const volume = new GainNode(this._sound, { gain: 0.2 });
      this._tone = new OscillatorNode(this._sound, { frequency: RINGING.hertz });
      this._tone.connect(volume).connect(this._sound.destination);
      this._tone.start();
      this._tone.stop(this._sound.currentTime + RINGING.on / 1000);
    };
    this._sound.resume().then(() => this.call?.state === "ringing" && burst());
    this._ringer = setInterval(burst, RINGING.on + RINGING.off);
  }

  _update(change) {
    if (this.call) this._set({ call: { ...this.call, ...change } });
  }

  _set(change) {
    Object.assign(this, change);
    this.dispatchEvent(new Event("change"));
  }
}
