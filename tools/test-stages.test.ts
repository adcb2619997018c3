import { expect, it } from 'vitest'
import { chooseStages, runInLanes, STAGES } from './test-stages.ts'

const names = (asked: readonly string[]) => chooseStages(asked).map(({ name }) => name)

it('brings what a stage needs, in the order of the list', () => {
  expect(names(['e2e'])).toEqual(['kernels', 'build', 'e2e'])
})

it('leaves the optional stages out until they are asked for', () => {
  for (const optional of ['package', 'consumers', 'chaos']) expect(names([])).not.toContain(optional)
  expect(names(['chaos'])).toContain('chaos')
  expect(names(['all'])).toEqual(STAGES.map(({ name }) => name))
})

it('names the stages there are when one does not exist', () => {
  expect(() => chooseStages(['e3e'])).toThrow(/no stage "e3e"; there are: lint, .*chaos.*all/)
})

it('lists every stage after those it needs', () => {
  for (const [index, { needs = [] }] of STAGES.entries()) {
    const earlier = STAGES.slice(0, index).map(({ name }) => name)
    expect(earlier).toEqual(expect.arrayContaining([...needs]))
  }
})

it('runs lanes beside each other, a lane in order, and nothing before what it needs has ended', async () => {
  const running = new Set<string>()
  const ended: string[] = []
  let most = 0
  await runInLanes(STAGES, async stage => {
    for (const other of STAGES) if (other.lane === stage.lane) expect(running).not.toContain(other.name)
    for (const needed of stage.needs ?? []) expect(ended).toContain(needed)
    running.add(stage.name)
    most = Math.max(most, running.size)
    await new Promise(setImmediate)
    running.delete(stage.name)
    ended.push(stage.name)
  })
  expect(ended.toSorted()).toEqual(STAGES.map(({ name }) => name).toSorted())
  expect(most).toBe(3)
})
