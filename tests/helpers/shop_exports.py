"""Order exports of well-known shops and data sets, a few lines each, with the features that they have."""

from __future__ import annotations

from typing import Any

Features = list[tuple[Any, ...]]
EXPORTS: dict[str, tuple[str, Features, list[str]]] = {
    # What became of an order stands beside its first line.
    "shopify": (
        """Name,Email,Financial Status,Currency,Total,Created at,Lineitem quantity,Vendor,Lineitem price,Cancelled at
#1001,a@x.org,paid,USD,35,2024-01-01 10:00:00 -0400,2,Hat,10.00,
#1001,a@x.org,,,,2024-01-01 10:00:00 -0400,1,Sock,10.00,
#1002,a@x.org,refunded,USD,35,2024-01-02 10:00:00 -0400,2,Hat,10.00,
#1002,a@x.org,,,,2024-01-02 10:00:00 -0400,1,Sock,10.00,
#1003,b@x.org,paid,USD,15,2024-01-03 10:00:00 -0400,1,Hat,10.00,2024-01-04 09:00:00 -0400
""",
        [("a@x.org", 2.0, 1.0, 30.0), ("b@x.org", None, 0.0, 0.0)],
        ["order_refunded", "order_refunded", "order_cancelled"],
    ),
    "woocommerce_analytics": (
        """Date,Order #,Status,Customer,Product(s),Items sold,Coupon(s),N. Revenue
2024-01-01 10:00:00,7,wc-completed,Ann Bee,2x Hat,2,,20.5
2024-01-03 10:00:00,8,wc-cancelled,Ann Bee,1x Hat,1,,10
""",
        [("Ann Bee", 2.0, 1.0, 20.5)],
        ["order_cancelled"],
    ),
    "woocommerce_lines": (
        """Order Number,Order Status,Order Date,Email (Billing),Order Total,SKU,Item,Quantity (- Refund),Item Cost
7,Completed,2024-01-01 10:00,a@x.org,40,H,Hat,2,10
7,Completed,2024-01-01 10:00,a@x.org,40,S,Sock,2,10
""",
        [("a@x.org", 0.0, 1.0, 40.0)],
        [],
    ),
    "shopping_malls_of_istanbul": (
        """invoice_no,customer_id,gender,age,category,quantity,price,payment_method,invoice_date,shopping_mall
I138884,C1,Female,28,Clothing,5,1500.4,Credit Card,5/8/2022,Kanyon
I317333,C2,Male,21,Shoes,3,1800.51,Debit Card,16/12/2021,Forum
""",
        [("C1", 0.0, 1.0, 7502.0), ("C2", 232.0, 1.0, 5401.53)],
        [],
    ),
    "retail_data_transactions": (
        "customer_id,trans_date,tran_amount\nCS5295,11-Feb-13,35\nCS4768,15-Mar-15,39\n",
        [("CS4768", 0.0, 1.0, 39.0), ("CS5295", 762.0, 1.0, 35.0)],
        [],
    ),
    "bank_transactions": (
        """TransactionID,CustomerID,CustAccountBalance,TransactionDate,TransactionTime,TransactionAmount (INR)
T1,C1,17819.05,2/8/16,143207,25
T2,C2,2270.69,21/8/16,141858,"1,27,999.50"
""",
        [("C1", 19.0, 1.0, 25.0), ("C2", 0.0, 1.0, 127999.5)],
        [],
    ),
    "sales_data_sample": (
        """ORDERNUMBER,QUANTITYORDERED,PRICEEACH,SALES,ORDERDATE,STATUS,PRODUCTCODE,CUSTOMERNAME
10107,30,95.7,2871,2/24/2003 0:00,Shipped,S10_1678,Land of Toys Inc.
10121,34,81.35,2765.9,5/7/2003 0:00,Cancelled,S10_1678,Land of Toys Inc.
10122,50,100,5205.27,5/8/2003 0:00,Shipped,S10_1678,Land of Toys Inc.
""",
        [("Land of Toys Inc.", 0.0, 2.0, 8076.27)],
        ["order_cancelled"],
    ),
    "online_retail_ii": (
        """Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country
489434,85048,15CM CHRISTMAS GLASS BALL 20 LIGHTS,12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom
C489449,22087,PAPER BUNTING,-12,2009-12-01 10:33:00,2.95,16321,Australia
""",
        [("13085", 0.0, 1.0, 83.4), ("16321", None, 0.0, -35.4)],
        [],
    ),
    "global_superstore": (
        """Row ID,Order ID,Order Date,Ship Date,Customer ID,Customer Name,Product ID,Product Name,Sales,Quantity,Profit
1,CA-1,11-11-2014,13-11-2014,AB-1,Aaron Bergman,TEC-1,Samsung Convoy 3,$221.980,2,$62.15
2,IN-2,05-02-2014,07-02-2014,JR-1,Justin Ritter,FUR-1,"Armchair, Black","$3,709.40",9,-$288.77
3,IN-3,21-01-2014,25-01-2014,JR-1,Justin Ritter,FUR-2,Chair,$1.00,1,$0
""",
        [("AB-1", 0.0, 1.0, 221.98), ("JR-1", 279.0, 2.0, 3710.4)],
        [],
    ),
    "stripe": (
        """id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Customer ID,Customer Email
ch_1,2024-01-01 10:00,20.00,0.00,usd,Paid,cus_A,a@x.org
ch_2,2024-01-02 10:00,30.00,0.00,usd,Failed,cus_A,a@x.org
ch_3,2024-01-02 10:00,5.00,0.00,usd,Paid,cus_A,a@x.org
ch_4,2024-01-03 10:00,5.00,0.00,eur,Paid,cus_A,a@x.org
""",
        [("cus_A", 1.0, 2.0, 25.0)],
        ["order_cancelled", "revenue_in_other_currency"],
    ),
    "square": (
        """Date,Time,Item,Qty,SKU,Gross Sales,Discounts,Net Sales,Transaction ID,Event Type,Customer ID
01/15/2024,10:23:45,Latte,2.0,L,$10.00,-$1.00,$9.00,T1,Payment,C1
01/16/2024,10:23:45,Latte,-1.0,L,-$5.00,$0.00,-$5.00,T2,Refund,C1
""",
        [("C1", 1.0, 1.0, 4.0)],
        [],
    ),
    "etsy": (
        """Sale Date,Item Name,Buyer,Quantity,Price,Discount,Item Total,Currency,Transaction ID,Order ID,Order Type,SKU
01/15/24,Hat,ann,2,10.00,0,20.00,USD,T1,O1,online,H
01/02/24,Sock,bob,1,5.00,1.00,4.00,USD,T2,O2,online,S
""",
        [("ann", 0.0, 1.0, 20.0), ("bob", 13.0, 1.0, 4.0)],
        [],
    ),
    # item-price is that of all units.
    "amazon": (
        "order-id\tpurchase-date\tbuyer-email\tsku\tquantity-purchased\tcurrency\titem-price\titem-tax\tshipping-price\n"
        "111-1\t2024-01-01T10:00:00-08:00\ta@m.com\tH\t2\tUSD\t20.00\t0\t0\n"
        "111-2\t2024-01-03T10:00:00-08:00\ta@m.com\tH\t1\tUSD\t10.00\t0\t0\n",
        [("a@m.com", 0.0, 2.0, 30.0)],
        [],
    ),
    "ebay": (
        """Sales Record Number,Order Number,Buyer Username,Item Title,Custom Label,Quantity,Sold For,Sale Date
1,12-1,ann1,Hat,H,2,$20.00,Jan-15-24
2,12-2,ann1,Hat,H,1,$10.00,Jan-17-24
""",
        [("ann1", 0.0, 2.0, 30.0)],
        [],
    ),
    "paypal": (
        """Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net,From Email Address,Transaction ID
01/15/2024,10:23:45,PST,Ann,Website Payment,Completed,USD,20.00,-1.00,19.00,a@x.org,T1
01/16/2024,10:23:45,PST,Ann,Payment Refund,Completed,USD,-20.00,1.00,-19.00,a@x.org,T2
""",
        [("a@x.org", 1.0, 1.0, 0.0)],
        [],
    ),
    "adventureworks": (
        """SalesOrderID,OrderDate,CustomerID,ProductID,OrderQty,UnitPrice,LineTotal
43659,2011-05-31 00:00:00.000,29825,776,1,2024.994,2024.994000
43660,2011-05-30 00:00:00.000,29825,777,3,2024.994,6074.982000
""",
        [("29825", 0.0, 2.0, 8099.98)],
        [],
    ),
    "magento": (
        "ID,Purchase Date,Grand Total (Base),Status,Customer Email\n"
        '1,"Jan 15, 2024 10:30:00 AM",$20.00,complete,a@x.org\n',
        [("a@x.org", 0.0, 1.0, 20.0)],
        [],
    ),
    "french": (
        "N° commande;Date commande;Client;Désignation;Quantité;Prix unitaire;Montant\n"
        "1;15/01/2024 10h30;Élodie;Chapeau;2;10,50 €;21,00 €\n"
        "2;02/01/2024 09h00;Élodie;Écharpe;1;1\u202f012,00 €;1\u202f012,00 €\n",
        [("Élodie", 0.0, 2.0, 1033.0)],
        [],
    ),
    "german": (
        "Auftrags-Nr.;Auftragsdatum;Kunden-Nr.;Artikel-Nr.;Stückzahl;Einzelpreis in EUR;Gesamtpreis (EUR)\n"
        "1;15.01.2024;K1;X;2;10,50;21,00\n",
        [("K1", 0.0, 1.0, 21.0)],
        [],
    ),
    "spanish": (
        "Fecha;Pedido;Cliente;Producto;Cantidad;Precio unitario;Importe total\n15/01/2024;1;Ana;X;2;10,50;21,00\n",
        [("Ana", 0.0, 1.0, 21.0)],
        [],
    ),
    "italian": (
        "Data ordine;Numero ordine;Cliente;Prodotto;Quantità;Prezzo unitario;Importo\n"
        "15/01/2024;1;Ugo;X;2;10,50;21,00\n",
        [("Ugo", 0.0, 1.0, 21.0)],
        [],
    ),
    "dutch": (
        "Orderdatum;Ordernummer;Klantnummer;Artikelnummer;Aantal;Prijs\n15-01-2024;1;K1;X;2;€ 10,50\n",
        [("K1", 0.0, 1.0, 21.0)],
        [],
    ),
    "portuguese": (
        "Data do pedido;Cliente;Produto;Quantidade;Preço unitário;Valor total\n15/01/2024;Ana;X;2;R$ 10,50;R$ 21,00\n",
        [("Ana", 0.0, 1.0, 21.0)],
        [],
    ),
}
"""Name -> (content, rows of customer, recency, orders and revenue, reasons of the lines that are rejected)."""
