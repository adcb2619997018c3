/** What a relay counts: numbers only, nothing that tells circuits, peers or targets apart. */
export interface RelayCounters {
  circuitsForwarded: number
  circuitsExited: number
  circuitsEnded: number
  circuitsShed: number
  refusedDraining: number
  refusedLimit: number
  refusedRate: number
  refusedPressure: number
  refusedMalformed: number
  refusedReplay: number
  refusedReplayCacheFull: number
  refusedLoop: number
  refusedNoExit: number
  refusedUnreachable: number
  timedOutBuilding: number
  timedOutIdle: number
  /** RELAY cells that were not authentic, or whose content broke the protocol. */
  badRelayCells: number
  cellsForward: number
  cellsBackward: number
  streamsOpened: number
  linksBroken: number
}

export function zeroCounters(): RelayCounters {
  return {
    circuitsForwarded: 0,
    circuitsExited: 0,
    circuitsEnded: 0,
    circuitsShed: 0,
    refusedDraining: 0,
    refusedLimit: 0,
    refusedRate: 0,
    refusedPressure: 0,
    refusedMalformed: 0,
    refusedReplay: 0,
    refusedReplayCacheFull: 0,
    refusedLoop: 0,
    refusedNoExit: 0,
    refusedUnreachable: 0,
    timedOutBuilding: 0,
    timedOutIdle: 0,
    badRelayCells: 0,
    cellsForward: 0,
    cellsBackward: 0,
    streamsOpened: 0,
    linksBroken: 0
  }
}
