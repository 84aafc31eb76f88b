/// How a job's call ended; its answer, or why there is none.
///
/// Such a call addresses nobody, so it may be made again whatever became of it.
package enum JobOutcome<Answer: Sendable & Hashable>: Sendable, Hashable {
    case answered(Answer)
    /// The call was refused. `recipients` is about its account, for good; `campaign` says that no
    /// call of this job can succeed. It never is about a size, or about recipients unconfirmed.
    case refused(Outcome.Refusal, code: Int, text: String)
    /// The call certainly never went out.
    case notSent(String)
    /// No answer came that can be used.
    case unknown(Outcome.UnknownCause)
}
