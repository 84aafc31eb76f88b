import DeliveryCore
import JSON
import NIOSSL
import TencentIM

extension ProviderExamination {
    static let tencentIM = ProviderExamination(
        caller: { Account(checked: Array($0.provider.administrator.utf8)) },
        trust: {
            try NIOSSLContext(configuration: TrustRoots.settings(caFile: $0.provider.caFile))
        },
        remedy: remedy(forRefusal:),
        message: message(ofText:),
        numbers: MessageKey.numbers(in:)
    )

    @Sendable
    private static func message(ofText words: String) -> [UInt8] {
        JSONText.document {
            $0.objects("MsgBody", of: CollectionOfOne(words)) { element, words in
                element.field("MsgType", "TIMTextElem")
                element.object("MsgContent") { $0.field("Text", words) }
            }
        }
    }

    /// Which key of the configuration a refusal is about, or what else must be changed.
    @Sendable
    private static func remedy(forRefusal code: Int) -> String {
        switch code {
        case 70_001, 70_346, 70_347: "set this machine's clock: the signature is made by it"
        case 70_003, 70_005, 70_009: "put the app's own key into tencent.secretKeyFile"
        case 60_006, 70_014, 70_020: "see to tencent.sdkAppId and the key in tencent.secretKeyFile"
        case 60_010, 70_013, 70_403, 90_009:
            "give an administrator of the app in tencent.administrator"
        case 60_021: "put this machine's address on the app's allow list, in the console"
        case 60_026: "give the domain of the app's data centre in tencent.endpoint"
        default: "see to tencent.sdkAppId, tencent.secretKeyFile and the app in the console"
        }
    }
}
