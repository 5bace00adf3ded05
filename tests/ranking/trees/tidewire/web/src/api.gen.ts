/* tslint:disable */
// Made from server/api.yaml by tidegen 0.4. Changes are lost when it runs again.

export interface UploadState {
  ticket: string;
  received: number;
}

export async function postUpload(base: string, body: { name: string; ticket?: string }): Promise<UploadState> {
  const response = await fetch(`${base}/uploads`, { method: "POST", body: JSON.stringify(body) });
  return (await response.json()) as UploadState;
}

export async function putUpload(base: string, ticket: string, offset: number, chunk: Blob): Promise<number> {
  const headers = { "Upload-Offset": String(offset) };
  const response = await fetch(`${base}/uploads/${ticket}`, { method: "PUT", headers, body: chunk });
  return response.status;
}

export async function deleteUpload(base: string, ticket: string): Promise<number> {
  const response = await fetch(`${base}/uploads/${ticket}`, { method: "DELETE" });
  return response.status;
}

export async function getVersions(base: string, path: string): Promise<unknown[]> {
  const response = await fetch(`${base}/files/${encodeURIComponent(path)}/versions`, { method: "GET" });
  return (await response.json()) as unknown[];
}
