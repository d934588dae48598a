// Passkeys and security keys: asks the browser for the credential, puts it into the form, sends the form.
// data-webauthn="create" (options in a JSON block) or "get" (options in a block, or fetched from data-options-url).

interface Options {
  creation_options?: { publicKey: PublicKeyCredentialCreationOptionsJSON }
  request_options?: { publicKey: PublicKeyCredentialRequestOptionsJSON }
}

export function webauthn(element: HTMLElement): void {
  const form = element as HTMLFormElement
  const wrong = form.querySelector<HTMLElement>('[data-webauthn-wrong]')
  const button = form.querySelector<HTMLButtonElement>('[data-webauthn-start]')

  button?.addEventListener('click', async (event) => {
    event.preventDefault()
    if (wrong) wrong.hidden = true
    const credential = await ask(form).catch(() => null)
    const input = form.querySelector<HTMLInputElement>('[name=credential]')
    if (credential instanceof PublicKeyCredential && input) {
      input.value = JSON.stringify(credential.toJSON())
      form.submit()
    } else if (wrong) wrong.hidden = false
  })
}

async function ask(form: HTMLFormElement): Promise<Credential | null> {
  const options = await optionsFor(form)
  if (form.dataset.webauthn === 'create' && options.creation_options) {
    const asked = options.creation_options.publicKey
    choosePasskey(asked, form.querySelector<HTMLInputElement>('[name=passwordless]')?.checked ?? false)
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) })
  }
  if (!options.request_options) return null
  const asked = options.request_options.publicKey
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) })
}

async function optionsFor(form: HTMLFormElement): Promise<Options> {
  const { optionsUrl } = form.dataset
  if (!optionsUrl) return JSON.parse(document.getElementById('js_data')?.textContent ?? '{}') as Options
  const response = await fetch(optionsUrl, { headers: { Accept: 'application/json' } })
  return (await response.json()) as Options
}

function choosePasskey(asked: PublicKeyCredentialCreationOptionsJSON, passwordless: boolean): void {
  asked.authenticatorSelection = {
    ...asked.authenticatorSelection,
    residentKey: passwordless ? 'required' : 'discouraged',
    requireResidentKey: passwordless,
    ...(passwordless ? { userVerification: 'required' as const } : {}),
  }
}
