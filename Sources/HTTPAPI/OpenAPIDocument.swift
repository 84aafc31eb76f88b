import COpenAPI

/// The description of the endpoint, as `GET /openapi.yaml` serves it.
///
/// It is a file written by hand, so that it can say why, and part of the executable. Tests hold it
/// against the routes, the problems, the limits and the vocabulary.
package enum OpenAPIDocument {
    package static let text: String = {
        let bytes = unsafe UnsafeBufferPointer(
            start: fanoutd_openapi_text(),
            count: fanoutd_openapi_size()
        )
        return unsafe String(decoding: bytes, as: UTF8.self)
    }()
}
