// A running node, and pages that are open, still ask for the files of the build before: those stay for a week.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'

const WEEK_MS = 7 * 24 * 3600 * 1000

export function forgetOld(folder: string, current: ReadonlySet<string>, now: number): void {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (!current.has(name) && now - statSync(path).mtimeMs > WEEK_MS) rmSync(path)
  }
}

export function keepPrevious(): Plugin {
  return {
    name: 'keep-previous',
    apply: 'build',
    writeBundle({ dir = 'dist' }, bundle) {
      const current = new Set(Object.keys(bundle).map((file) => file.replace(/^assets\//, '')))
      forgetOld(join(dir, 'assets'), current, Date.now())
    },
  }
}
