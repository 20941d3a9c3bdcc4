import { useEffect, useState } from 'preact/hooks'

/** What the server says instead of an answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

const TOKEN = 'ticktape-token'

/** The token that the user typed; it is forgotten with the tab. */
export function token(): string {
  return sessionStorage.getItem(TOKEN) ?? ''
}

export function setToken(text: string): void {
  sessionStorage.setItem(TOKEN, text)
}

/** @throws {ApiError} */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = token() === '' ? {} : { authorization: `Bearer ${token()}` }
  const response = await fetch(`/api/${path}`, { headers, signal })
  const body = (await response.json()) as T & { error?: { code: string; message: string } }
  if (response.ok) return body
  throw new ApiError(response.status, body.error?.code ?? 'ERR', body.error?.message ?? response.statusText)
}

export interface Got<T> {
  readonly value: T | undefined
  readonly error: ApiError | undefined
}

/** An answer, asked for again every `everyMs`; 0: once. While it is asked for again the last one stays. */
export function useGet<T>(path: string, everyMs = 0): Got<T> {
  const [got, setGot] = useState<Got<T> & { readonly path: string }>({ value: undefined, error: undefined, path })
  useEffect(() => {
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout>
    const ask = async (): Promise<void> => {
      try {
        const value = await get<T>(path, stop.signal)
        setGot({ value, error: undefined, path })
      } catch (error) {
        if (stop.signal.aborted) return
        const shown =
          error instanceof ApiError ? error : new ApiError(0, 'ERR_CONNECTION', 'the server does not answer')
        setGot(before => ({ value: before.path === path ? before.value : undefined, error: shown, path }))
      }
      if (everyMs > 0 && !stop.signal.aborted) timer = setTimeout(() => void ask(), everyMs)
    }
    void ask()
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [path, everyMs])
  return got.path === path ? got : { value: undefined, error: undefined }
}
