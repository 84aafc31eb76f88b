import CZlib
import Hummingbird
import NIOHTTPTypes
