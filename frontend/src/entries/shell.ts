// Every page: the looks, the behaviours, and HTMX.
import '../styles/tabler.scss'
import '../styles/index.css'

import { startBehaviours } from '../behaviours'
import { startHtmx } from '../htmx'
import { setClock } from '../time'

setClock()
startHtmx()
startBehaviours(document)
