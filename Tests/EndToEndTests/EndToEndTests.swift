import Testing

/// The real executable, real sockets, real signals: few tests, one after the other.
///
/// They show that the parts fit together and that what must survive survives. What any one part does
/// in detail is tested where it can be done in virtual time.
@Suite(.serialized, .ownThread)
enum EndToEndTests {}
