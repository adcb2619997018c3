import type { RepairTask } from '../health/index.ts'

/**
 * Let those recode who can: a node combines committed pieces only, because it signs the result. Of a content that is dealt to many, most
 * holders have one of them or none. What such a holder was to make the scanner makes, from its own pieces and one that it fetches,
 * each time from another holder: so that the new ones span more than its own. A scanner without any would have to fetch two: then those
 * make it who have two.
 * @param tasks as planned, by how many pieces holders have
 * @param certain committed pieces of each holder, those of the scanner included
 * @param self the scanner
 */
export function certainTasks(
  tasks: readonly RepairTask[],
  certain: ReadonlyMap<string, number>,
  self: string
): RepairTask[] {
  const has = (holder: string): number => certain.get(holder) ?? 0
  const givers = [...certain].filter(([holder, pieces]) => holder !== self && pieces > 0).map(([holder]) => holder)
  const makers = has(self) > 0 ? [] : givers.filter(holder => has(holder) >= 2)
  let turn = 0
  return tasks.map(task => {
    const isAble = task.how === 'recode' ? has(task.recoder) >= 2 : task.how === 'copy' || has(task.from ?? '') > 0
    const from = givers[turn % givers.length]
    if (isAble || from === undefined) return task
    turn++
    const others = makers.filter(holder => holder !== task.to)
    const maker = others[turn % others.length]
    if (maker !== undefined) return { recoder: maker, how: 'recode', to: task.to, moved: task.to === self ? 1 : 2 }
    return { ...task, recoder: self, how: 'fetch-and-recode', from, moved: task.to === self ? 1 : 2 }
  })
}
