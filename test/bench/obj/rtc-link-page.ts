/** One end of a bare WebRTC link: a data channel between two pages with nothing above it but the credit that keeps it quick. */

const MESSAGE_BYTES = 16 * 1024
/** Its messages' length makes no difference; more on the way does: SCTP loses it, and is slower for it. */
const ON_THE_WAY_BYTES = 512 * 1024
const CREDIT_BYTES = ON_THE_WAY_BYTES / 2
const CHANNEL_ID = 0

let connection: RTCPeerConnection | undefined
let channel: RTCDataChannel | undefined

function open(): RTCPeerConnection {
  connection = new RTCPeerConnection({ iceServers: [] })
  channel = connection.createDataChannel('', { negotiated: true, id: CHANNEL_ID })
  channel.binaryType = 'arraybuffer'
  return connection
}

function opened(): { connection: RTCPeerConnection; channel: RTCDataChannel } {
  if (connection === undefined || channel === undefined) throw new Error('offer or answer first')
  return { connection, channel }
}

/** Set, with all candidates. */
async function described(connection: RTCPeerConnection): Promise<RTCSessionDescriptionInit> {
  const gathered = new Promise(resolve => {
    connection.addEventListener('icecandidate', ({ candidate }) => candidate === null && resolve(undefined))
  })
  await connection.setLocalDescription()
  await gathered
  if (connection.localDescription === null) throw new Error('no description of this end')
  return connection.localDescription.toJSON()
}

const rtcLink = {
  offer: (): Promise<RTCSessionDescriptionInit> => described(open()),

  /** Receive from whoever made the offer, and give credit for it. */
  async answer(offer: RTCSessionDescriptionInit): Promise<RTCSessionDescriptionInit> {
    const connection = open()
    const { channel } = opened()
    let owed = 0
    channel.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      owed += data.byteLength
      if (owed < CREDIT_BYTES) return
      channel.send(new Uint32Array([owed]))
      owed = 0
    }
    await connection.setRemoteDescription(offer)
    return described(connection)
  },

  async accept(answer: RTCSessionDescriptionInit): Promise<void> {
    const { connection, channel } = opened()
    const open = new Promise(resolve => channel.addEventListener('open', resolve, { once: true }))
    await connection.setRemoteDescription(answer)
    await open
  },

  /** @returns how long it took until all of it had arrived, in ms; `bytes` are rounded up to what credit comes for */
  async sendMs(bytes: number): Promise<number> {
    const { channel } = opened()
    const total = Math.ceil(bytes / CREDIT_BYTES) * CREDIT_BYTES
    const message = new Uint8Array(MESSAGE_BYTES)
    const started = performance.now()
    await new Promise((resolve, reject) => {
      let [sent, arrived] = [0, 0]
      const send = (): void => {
        for (; sent < total && sent - arrived < ON_THE_WAY_BYTES; sent += MESSAGE_BYTES) channel.send(message)
      }
      channel.onclose = () => reject(new Error('the link was closed'))
      channel.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
        arrived += new Uint32Array(data)[0] ?? 0
        if (arrived >= total) resolve(undefined)
        else send()
      }
      send()
    })
    return performance.now() - started
  }
}

export type RtcLinkPage = typeof rtcLink
Object.assign(globalThis, { rtcLink })
