import { expect } from 'chai'

describe('the page that browser tests run in', () => {
  it('is cross-origin isolated, so shared memory exists', () => {
    expect(crossOriginIsolated).to.equal(true)
    expect(new SharedArrayBuffer(8).byteLength).to.equal(8)
  })

  it('connects two peer connections over loopback without any STUN server', async () => {
    const [near, far] = [new RTCPeerConnection({ iceServers: [] }), new RTCPeerConnection({ iceServers: [] })]
    try {
      near.onicecandidate = ({ candidate }) => void (candidate && far.addIceCandidate(candidate))
      far.onicecandidate = ({ candidate }) => void (candidate && near.addIceCandidate(candidate))
      const channel = near.createDataChannel('ping')
      const received = new Promise<unknown>(resolve => {
        far.ondatachannel = event => {
          event.channel.onmessage = message => resolve(message.data)
        }
      })
      channel.onopen = () => channel.send('hello')
      await near.setLocalDescription(await near.createOffer())
      await far.setRemoteDescription(near.localDescription as RTCSessionDescription)
      await far.setLocalDescription(await far.createAnswer())
      await near.setRemoteDescription(far.localDescription as RTCSessionDescription)
      expect(await received).to.equal('hello')
    } finally {
      near.close()
      far.close()
    }
  })
})
