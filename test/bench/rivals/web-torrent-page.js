// @ts-nocheck: what it imports is installed only where it runs
/** One WebTorrent client; peers meet at a tracker on this machine and connect over WebRTC. */
import WebTorrent from 'webtorrent/dist/webtorrent.min.js'
import { randomBytes } from './random-bytes.js'

let client
let announce

globalThis.rival = {
  async open(trackerUrl) {
    announce = [trackerUrl]
    client = new WebTorrent({ dht: false, tracker: { rtcConfig: { iceServers: [] } } })
    client.on('error', error => console.error(error))
  },

  async put(bytes) {
    const content = randomBytes(bytes)
    const started = performance.now()
    const torrent = await new Promise((resolve, reject) => {
      client.once('error', reject)
      client.seed(content, { announce, name: 'content.bin' }, resolve)
    })
    return { ref: torrent.magnetURI, ms: performance.now() - started }
  },

  async get(ref, bytes) {
    const started = performance.now()
    const torrent = await new Promise((resolve, reject) => {
      client.once('error', reject)
      client.add(ref, { announce }, resolve)
    })
    let [received, firstByteMs] = [0, 0]
    for await (const chunk of torrent.files[0]) {
      if (received === 0) firstByteMs = performance.now() - started
      received += chunk.length
    }
    if (received !== bytes) throw new Error(`${received} bytes came instead of ${bytes}`)
    if (torrent.received < bytes) throw new Error(`${torrent.received} of ${bytes} bytes came from the other page`)
    return { firstByteMs, ms: performance.now() - started }
  },

  async forget() {
    for (const torrent of [...client.torrents])
      await new Promise(resolve => torrent.destroy({ destroyStore: true }, resolve))
  }
}
