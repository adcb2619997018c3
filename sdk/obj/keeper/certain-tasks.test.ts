import { describe, expect, it } from 'vitest'
import type { RepairTask } from '../health/index.ts'
import { certainTasks } from './certain-tasks.ts'

const recode = (recoder: string, to = 'new'): RepairTask => ({ recoder, how: 'recode', to, moved: 2 })

describe('tasks of a repair', () => {
  it('stay with whoever has two committed pieces', () => {
    const tasks = [recode('a'), recode('self')]
    const certain = new Map([
      ['a', 2],
      ['self', 5]
    ])
    expect(certainTasks(tasks, certain, 'self')).toEqual(tasks)
  })

  it('of holders that may not sign a combination go to the scanner, which fetches from all in turn', () => {
    const certain = new Map([
      ['a', 1],
      ['b', 1],
      ['c', 0],
      ['self', 1]
    ])
    const made = certainTasks([recode('a'), recode('c'), recode('b', 'self'), recode('self')], certain, 'self')
    expect(made).toEqual([
      { recoder: 'self', how: 'fetch-and-recode', from: 'a', to: 'new', moved: 2 },
      { recoder: 'self', how: 'fetch-and-recode', from: 'b', to: 'new', moved: 2 },
      { recoder: 'self', how: 'fetch-and-recode', from: 'a', to: 'self', moved: 1 },
      { recoder: 'self', how: 'fetch-and-recode', from: 'b', to: 'new', moved: 2 }
    ])
  })

  it('of a scanner that has none go to those who have two, each in its turn and none to itself', () => {
    const certain = new Map([
      ['a', 3],
      ['b', 2],
      ['c', 1],
      ['self', 0]
    ])
    const made = certainTasks([recode('d'), recode('c'), recode('d', 'b'), recode('self', 'self')], certain, 'self')
    expect(made.map(({ recoder, how, moved }) => [recoder, how, moved])).toEqual([
      ['b', 'recode', 2],
      ['a', 'recode', 2],
      ['a', 'recode', 2],
      ['a', 'recode', 1]
    ])
    expect(made.map(({ to }) => to)).toEqual(['new', 'new', 'b', 'self'])
    expect(certainTasks([recode('d')], new Map([...certain, ['self', 1]]), 'self')).toMatchObject([{ recoder: 'self' }])
    const poor = new Map([
      ['c', 1],
      ['self', 0]
    ])
    expect(certainTasks([recode('d')], poor, 'self')).toMatchObject([{ recoder: 'self', from: 'c' }])
  })

  it('fetch committed pieces only', () => {
    const task: RepairTask = { recoder: 'self', how: 'fetch-and-recode', from: 'c', to: 'new', moved: 2 }
    const certain = new Map([
      ['a', 1],
      ['c', 0],
      ['self', 1]
    ])
    expect(certainTasks([task], certain, 'self')).toEqual([{ ...task, from: 'a' }])
  })

  it('are left as they are when nobody has a committed piece, or any piece is as good as another', () => {
    const copy: RepairTask = { recoder: 'a', how: 'copy', to: 'new', moved: 2 }
    expect(certainTasks([recode('a'), copy], new Map([['a', 0]]), 'self')).toEqual([recode('a'), copy])
    expect(certainTasks([copy], new Map([['a', 1]]), 'self')).toEqual([copy])
  })
})
