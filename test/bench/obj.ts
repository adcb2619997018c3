/**
 * Storing and retrieving as a user has it: pages in Chromium with a profile on the disk, a storage node in a process of its own, real
 * WebSocket and WebRTC links on this machine. This half asks for one measurement after the other (see obj.serve.ts).
 */
import { askControl } from './control/ask-control.ts'
import { type BenchRow, type BenchSuite, inARow, type Measurement, onlyOnce } from './harness.ts'
import { RANGE_BYTES } from './obj/sizes.ts'
import type { ObjControl } from './obj.serve.ts'

const SEGMENT_MIB = 10
/**
 * Puts, and what they are set against, of which the middle one counts: the first ones get their memory back from the system, for all of
 * them alike.
 */
const WRITES_IN_A_ROW = 5
/** A range of 1 MiB touches two segments at most. */
const RANGE_LIMIT_MIB = 2 * SEGMENT_MIB
/** To decode a segment its pieces are multiplied with as many: a repair that did would need so many for each piece. */
const DECODED_PIECES = 40

interface Exchange {
  readonly throughput: Measurement
  readonly firstByte: Measurement
}

export const suite: BenchSuite<ObjControl> = {
  name: 'obj',
  rounds: 5,
  // the largest content is put, spread and fetched within one measurement
  timeoutMs: 900_000,
  open: async ({ url }) => {
    const measurement = (id: string, unit: string, call: string, kind = ''): Measurement => ({
      id,
      unit,
      run: signal => askControl(url, call, kind, signal)
    })
    const stored = (id: string, unit: string): Measurement => measurement(id, unit, 'store', id)
    const written = (one: Measurement): Measurement => inARow(one, WRITES_IN_A_ROW)
    const put = written(measurement('put 100 MB', 'MB/s', 'put'))
    const barePut = written(measurement('100 MB coded, hashed and written', 'MB/s', 'barePut'))
    const file = written(stored('write 105 MB, one OPFS file', 'MB/s'))
    const fromNode = measurement('get 100 MB from one storage node', 'MB/s', 'getFromNode')
    const bare = measurement('WebSocket download, sealed, hashed and kept', 'MB/s', 'bareDownload')
    const webSocket = measurement('WebSocket download', 'MB/s', 'webSocket')
    const exchange = (id: string, call: string): Exchange => ({
      throughput: measurement(id, 'MB/s', call, 'megabytesPerSecond'),
      firstByte: measurement(`${id}, put to first byte`, 'ms', call, 'putToFirstByteMs')
    })
    const against = (ours: Exchange, rival: Exchange): BenchRow[] => [
      { measurement: ours.throughput, baseline: rival.throughput, bar: { of: 'ratio', atLeast: 1 } },
      { measurement: ours.firstByte, baseline: rival.firstByte, bar: { of: 'ratio', atMost: 1 } }
    ]
    const [onDisk, helia] = [exchange('page to page', 'exchange'), exchange('Helia', 'helia')]
    return {
      rows: [
        {
          measurement: put,
          baseline: file,
          bar: { of: 'ratio', atLeast: 0.25 }
        },
        {
          measurement: put,
          baseline: written(stored('write 105 MB, IndexedDB, one piece a transaction', 'MB/s')),
          bar: { of: 'ratio', atLeast: 3 }
        },
        // no bars: how much of the first row is within reach, and how much of it is reached
        { measurement: barePut, baseline: file },
        { measurement: put, baseline: barePut },
        // no bar: what a page can do without a worker of its own
        {
          measurement: put,
          baseline: written(measurement('write 100 MB, OPFS from the page', 'MB/s', 'writeFromPage'))
        },
        // no bar: the browser reads the file in a process of its own, and hands it over
        { measurement: written(measurement('put 100 MB, a File', 'MB/s', 'putFile')), baseline: put },
        {
          measurement: fromNode,
          baseline: webSocket,
          bar: { of: 'ratio', atLeast: 0.5 }
        },
        // no bars: how much of that row is within anybody's reach, and how much of it is reached
        { measurement: bare, baseline: webSocket },
        { measurement: fromNode, baseline: bare },
        {
          measurement: measurement('get 100 MB from 4 pages', 'MB/s', 'getFromPages'),
          baseline: measurement('WebRTC link', 'MB/s', 'webRtcLink'),
          bar: { of: 'ratio', atLeast: 0.8 }
        },
        // like with like: WebTorrent writes to the disk, Helia keeps its blocks in the page's memory
        ...against(onDisk, exchange('WebTorrent', 'webTorrent')),
        ...against(exchange('page to page, in memory', 'exchangeInMemory'), helia),
        // no bar: ours outlives the page
        { measurement: onDisk.throughput, baseline: helia.throughput },
        { measurement: onDisk.firstByte, baseline: helia.firstByte },
        {
          measurement: measurement(`first byte of ${RANGE_BYTES / 2 ** 20} MiB amid 1 GiB`, 'ms', 'rangeFirstByteMs'),
          bar: { of: 'figure', atMost: 2_000 }
        },
        {
          measurement: measurement('fetched for that', 'MiB', 'rangeFetchedMiB'),
          bar: { of: 'figure', atMost: RANGE_LIMIT_MIB }
        },
        {
          measurement: onlyOnce(measurement('memory, put and spread 1 GiB', 'MiB', 'putLargeMiB')),
          bar: { of: 'figure', atMost: 150 }
        },
        {
          measurement: onlyOnce(measurement('memory, get 1 GiB', 'MiB', 'getLargeMiB')),
          bar: { of: 'figure', atMost: 150 }
        },
        {
          measurement: onlyOnce(measurement('repair, moved per lost piece', 'pieces', 'repair', 'piecesMoved')),
          bar: { of: 'figure', atMost: 2 }
        },
        { measurement: onlyOnce(measurement('with audits and all', 'pieces', 'repair', 'piecesOfTraffic')) },
        {
          measurement: onlyOnce(measurement('multiplied for that', 'pieces', 'repair', 'piecesMultiplied')),
          bar: { of: 'figure', atMost: DECODED_PIECES / 2 }
        },
        { measurement: stored('open a store of 100,000 pieces', 'ms'), bar: { of: 'figure', atMost: 1_000 } },
        { measurement: stored('look up one of 100,000 pieces', 'ms'), bar: { of: 'figure', atMost: 2 } }
      ]
    }
  }
}
