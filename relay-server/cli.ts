#!/usr/bin/env node
import { runCommandLine } from './command-line.ts'
import manifest from './package.json' with { type: 'json' }

process.exit(await runCommandLine(process.argv.slice(2), { version: manifest.version }))
