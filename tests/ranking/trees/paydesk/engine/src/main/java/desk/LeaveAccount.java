package desk;

import java.time.LocalDate;

public class LeaveAccount {
    private double balance;
    private double carried;

    /** Days of holiday that a month of work earns. */
    public void accrue(Employee employee, LocalDate month) {
        double perYear = 25 + Math.min(5, employee.yearsAt(month) / 4);
        balance += perYear / 12 * employee.partTime();
    }

    public void book(LocalDate from, LocalDate to, Calendar calendar) {
        int days = 0;
        for (LocalDate day = from; !day.isAfter(to); day = day.plusDays(1)) {
            if (calendar.isWorkday(day)) {
                days++;
            }
        }
        if (days > balance + carried) {
            throw new IllegalArgumentException("only " + (balance + carried) + " days are left");
        }
        double old = Math.min(days, carried);
        carried -= old;
        balance -= days - old;
    }

    /** What is left moves to the next year, ten days at most. */
    public void rollOver() {
        carried = Math.min(10, balance);
        balance = 0;
    }

    public void expire(LocalDate today) {
        if (today.getMonthValue() > 3) {
            carried = 0;
        }
    }

    public double getBalance() {
        return balance + carried;
    }
}
