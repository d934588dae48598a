// @vitest-environment node
import { mkdtempSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { forgetOld } from '../build/keep-previous.ts'

it('files of the build before stay for a week, those of this build for good', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assets-'))
  for (const [name, days] of [['now.js', 30], ['yesterday.js', 1], ['old.js', 8]] as const) {
    writeFileSync(join(folder, name), '')
    utimesSync(join(folder, name), Date.now() / 1000, Date.now() / 1000 - days * 86_400)
  }
  forgetOld(folder, new Set(['now.js']), Date.now())
  expect(readdirSync(folder).toSorted()).toEqual(['now.js', 'yesterday.js'])
})
