import DeliveryCore
package import DeliveryEngine
import JSON

extension HookEvent {
    /// The event as hooks are told it.
    ///
    /// A campaign is without its message, as in a list, and without what changes by the second:
    /// `messages_last_minute` and `eta`.
    package func document(_ rules: any MessageRules) -> [UInt8] {
        JSONText.document { text in
            text.field("type", kind.rawValue)
            text.field("timestamp", at)
            text.field("data") { data in
                switch subject {
                case .campaign(let campaign):
                    CampaignEncoder.write(campaign, nil, rules, hasMessage: false, to: &data)
                case .service(let quota): data.quota(quota)
                }
            }
        }
    }
}
