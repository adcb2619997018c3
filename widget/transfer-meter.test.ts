import { describe, expect, it } from 'vitest'
import { TransferMeter } from './transfer-meter.ts'

describe('a transfer meter', () => {
  it('says nothing before it has seen anything move', () => {
    const meter = new TransferMeter()
    expect(meter.speed(0, 0)).toBeUndefined()
    meter.record(0, 0)
    expect(meter.remainingMs(0, 100, 0)).toBeUndefined()
  })

  it('gives the speed of the last seconds, not of the whole transfer', () => {
    const meter = new TransferMeter()
    let bytes = 0
    const move = (count: number, ms: number): void => {
      bytes += count
      meter.record(bytes, ms)
    }
    for (let ms = 0; ms <= 20_000; ms += 250) move(250, ms)
    expect(meter.speed(bytes, 20_000)).toBeCloseTo(1000, 0)
    for (let ms = 20_250; ms <= 30_000; ms += 250) move(2500, ms)
    expect(meter.speed(bytes, 30_000)).toBeCloseTo(10_000, 0)
    expect(meter.remainingMs(bytes, bytes + 20_000, 30_000)).toBeCloseTo(2000, 0)
  })

  it('does not promise an end when nothing moves or the size is unknown', () => {
    const meter = new TransferMeter()
    for (let ms = 0; ms <= 10_000; ms += 250) meter.record(500, ms)
    expect(meter.remainingMs(500, 1000, 10_000)).toBeUndefined()
    expect(meter.remainingMs(500, undefined, 10_000)).toBeUndefined()
  })

  it('forgets a pause', () => {
    const meter = new TransferMeter()
    meter.record(0, 0)
    meter.record(1000, 1000)
    meter.restart()
    meter.record(1000, 600_000)
    expect(meter.speed(2000, 601_000)).toBeCloseTo(1000, 0)
  })
})
