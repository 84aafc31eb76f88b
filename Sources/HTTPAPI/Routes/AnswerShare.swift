import HTTPTypes
import Hummingbird

extension EndpointResponder {
    /// Takes the memory that an answer may need; it is free again when nobody holds the share.
    func share(of budget: BodyBudget, _ count: Int) throws(Problem) -> BodyBudget.Share {
        let share = BodyBudget.Share(of: budget)
        guard share.take(count) else { throw .tooManyAnswers }
        return share
    }

    /// An answer that holds its share until the client has read it.
    func response(_ response: Response, holding share: BodyBudget.Share) -> Response {
        let body = response.body
        var held = response
        held.body = ResponseBody(contentLength: body.contentLength) { writer in
            defer { withExtendedLifetime(share) {} }
            try await body.write(writer)
        }
        return held
    }
}
