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
