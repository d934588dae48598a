import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { iconSprite } from './build/icon-sprite.ts'
import { keepPrevious } from './build/keep-previous.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  base: '/static/dist/',
  plugins: [iconSprite({ list: here('src/icons.json'), own: here('src/icons') }), keepPrevious()],
  build: {
    manifest: true,
    outDir: 'dist',
    emptyOutDir: false,
    target: ['chrome100', 'firefox100', 'safari15.4'],
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: ['src/entries/shell.ts', 'src/entries/theme.ts', 'src/mark.svg'].map(here),
    },
  },
  test: {
    environment: 'happy-dom',
    pool: 'vmThreads',
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
    restoreMocks: true,
    unstubGlobals: true,
  },
})
