import { beforeEach, expect, it, vi } from 'vitest'
import { find, page } from '../../tests/page'
import { webauthn } from './webauthn'

class Credential {
  static parseRequestOptionsFromJSON = (options: unknown): unknown => options
  static parseCreationOptionsFromJSON = (options: unknown): unknown => options
  toJSON(): object {
    return { id: 'k1' }
  }
}

const credentials = {
  get: vi.fn<(options: unknown) => Promise<unknown>>(),
  create: vi.fn<(options: unknown) => Promise<unknown>>(),
}

beforeEach(() => {
  vi.stubGlobal('PublicKeyCredential', Credential)
  vi.stubGlobal('navigator', { credentials })
})

function form(how: string, data: object): { submit: ReturnType<typeof vi.fn> } {
  page(`<form data-webauthn="${how}"><input name="credential"><input type="checkbox" name="passwordless" checked>
    <button data-webauthn-start></button><p data-webauthn-wrong hidden></p></form>
    <script id="js_data" type="application/json">${JSON.stringify(data)}</script>`)
  const submit = vi.fn<() => void>()
  find<HTMLFormElement>('form').submit = submit
  webauthn(find('form'))
  find('button').click()
  return { submit }
}

it('sends the credential that the browser gave', async () => {
  credentials.get.mockResolvedValue(new Credential())
  const { submit } = form('get', { request_options: { publicKey: { challenge: 'c' } } })
  await vi.waitFor(() => expect(submit).toHaveBeenCalled())
  expect(find<HTMLInputElement>('[name=credential]').value).toBe('{"id":"k1"}')
})

it('a passkey asks the key to know its user', async () => {
  credentials.create.mockResolvedValue(new Credential())
  const { submit } = form('create', { creation_options: { publicKey: { challenge: 'c' } } })
  await vi.waitFor(() => expect(submit).toHaveBeenCalled())
  expect(credentials.create.mock.calls[0]?.[0]).toMatchObject({
    publicKey: { authenticatorSelection: { residentKey: 'required', userVerification: 'required' } },
  })
})

it('says so when no key answered, and sends nothing', async () => {
  credentials.get.mockRejectedValue(new Error('cancelled'))
  const { submit } = form('get', { request_options: { publicKey: {} } })
  await vi.waitFor(() => expect(find('[data-webauthn-wrong]').hidden).toBe(false))
  expect(submit).not.toHaveBeenCalled()
})
