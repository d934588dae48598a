// Shared by all tabs of one browser: one held connection, handed on to every tab.
import { LiveHub, type Port } from '../live/hub'

const scope = self as unknown as { onconnect: ((event: MessageEvent) => void) | null; name: string }
const hub = new LiveHub(scope.name)

scope.onconnect = (event) => {
  const [port] = event.ports
  if (port) hub.join(port as Port)
}
