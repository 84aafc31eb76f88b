package import DeliveryCore
import TencentIM

/// The provider's rules, by which everything simulated goes.
package let accountRules: any AccountRules = UserIDs()
