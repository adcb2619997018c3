import { describe, expect, it } from 'vitest'
import { errorCode, idl } from '../kit/index.ts'
import { channels } from './refusals/channels.ts'
import { configuration } from './refusals/configuration.ts'
import { distributions } from './refusals/distributions.ts'
import { general } from './refusals/general.ts'
import { pools } from './refusals/pools.ts'
import { subscriptions } from './refusals/subscriptions.ts'

const REFUSALS = [...general, ...configuration, ...subscriptions, ...pools, ...channels, ...distributions]

describe('what the program refuses', () => {
  for (const { error, when, attempt } of REFUSALS) {
    it(`${when}: ${error}`, () => {
      const outcome = attempt()
      expect({ code: outcome.code, error: outcome.error }).toMatchObject({ code: errorCode(error) })
    })
  }

  it('is every error of the interface description', () => {
    const exercised = new Set(REFUSALS.map(refusal => refusal.error))
    expect(idl.errors.map(error => error.name).filter(name => !exercised.has(name))).toEqual([])
  })
})
