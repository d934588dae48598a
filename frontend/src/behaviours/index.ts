// The names that templates may put into data-behaviour, and what watches the whole page.
import { attach } from './attach'
import { clock } from './clock'
import { command } from './command'
import { connection } from './connection'
import { copy } from './copy'
import { dialog, dialogOpen } from './dialog'
import { dismiss } from './dismiss'
import { startDrafts } from './draft'
import { startFocus } from './focus'
import { liveRefresh } from './live-refresh'
import { measure } from './measure'
import { Registry } from './registry'
import { selectRows } from './select-rows'
import { shortcutList, startShortcuts } from './shortcuts'
import { sound } from './sound'
import { startSubmitGuard } from './submit-guard'
import { webauthn } from './webauthn'

export const behaviours = {
  attach,
  clock,
  command,
  connection,
  copy,
  dialog,
  'dialog-open': dialogOpen,
  dismiss,
  'live-refresh': liveRefresh,
  measure,
  'select-rows': selectRows,
  shortcuts: shortcutList,
  sound,
  webauthn,
}

export function startBehaviours(root: Document): void {
  new Registry(behaviours).watch(root)
  startShortcuts(root)
  startSubmitGuard(root)
  startFocus(root)
  startDrafts(root)
}
