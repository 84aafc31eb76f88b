import DeliveryCore
import GRDB
import GRDBSQLite
