package import DeliveryCore
import TencentIM

/// The rules for accounts by which tests go: those of the provider there is.
package let accountRules: any AccountRules = UserIDs()
